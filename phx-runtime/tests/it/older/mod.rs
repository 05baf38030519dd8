//! Clients of older versions over real connections, and dispatching without any.

mod dispatcher;
mod hostile;
mod longpoll;

use std::{net::SocketAddr, time::Duration};

use phx_runtime::{
    options::{CheckOrigin, LongPollOptions, Mount, WebSocketOptions},
    prelude::*,
    serializer::{Protocol, Version},
};
use tokio::sync::mpsc;

use crate::support::{
    everybody::{Open, User},
    server::serve,
};

/// No test waits for this one to pass.
const LONG: Duration = Duration::from_mins(1);

type Ends = mpsc::UnboundedSender<(String, Reason)>;

#[derive(Clone)]
struct Weather(&'static str);

/// Does what clients of all ages can ask for.
struct Room {
    ends: Ends,
}

impl Open for Room {}

#[channel("room:*")]
impl Room {
    #[join]
    async fn join(payload: Payload, State(ends): State<Ends>) -> Result<Self, JoinError> {
        if payload.as_json() == Some("\"later\"") {
            tokio::task::yield_now().await;
        }
        if payload.as_json() == Some("\"no\"") {
            tokio::task::yield_now().await;
            return Err(JoinError::new("closed"));
        }
        Ok(Self { ends })
    }

    #[handle_in("echo")]
    fn echo(&self, payload: Payload, socket: &Socket) -> Reply {
        socket.push("echoed", payload.clone());
        Reply::ok(payload)
    }

    #[handle_in("crash")]
    fn crash(&self, _: Payload) {
        panic!("told to");
    }

    #[handle_info]
    fn weather(&self, Weather(what): Weather, socket: &Socket) {
        socket.push("weather", what);
    }

    #[terminate]
    fn terminate(&self, reason: Reason, socket: &Socket) {
        let _ = self.ends.send((socket.topic().to_string(), reason));
    }
}

struct Fixture {
    endpoint: Endpoint,
    address: SocketAddr,
    ends: mpsc::UnboundedReceiver<(String, Reason)>,
}

fn older(path: &'static str, window: Duration, protocols: Vec<Protocol>) -> Mount {
    let (websocket, longpoll) = (WebSocketOptions::new(), LongPollOptions::new());
    Mount::new(path)
        .websocket(websocket.path("").check_origin(CheckOrigin::ANY).serializers(protocols.clone()))
        .longpoll(
            longpoll
                .path("/poll")
                .check_origin(CheckOrigin::ANY)
                .window(window)
                .serializers(protocols),
        )
}

async fn start() -> Fixture {
    let (sender, ends) = mpsc::unbounded_channel();
    let v0_7 = || vec![Version::V2.into(), Protocol::v0_7_with([("rooms", "room:")])];
    let endpoint = Endpoint::builder()
        .state::<Ends>(sender)
        .socket::<User<Room>>()
        .socket_at::<User<Room>>(older("/0.7", LONG, v0_7()))
        .socket_at::<User<Room>>(older("/0.7/short", Duration::from_millis(50), v0_7()))
        .socket_at::<User<Room>>(older("/0.8", LONG, vec![Protocol::v0_8(), Version::V2.into()]))
        .socket_at::<User<Room>>(older("/0.10", LONG, vec![Protocol::v0_10()]))
        .socket_at::<User<Room>>(older("/0.14", LONG, vec![Protocol::v0_14()]))
        .socket_at::<User<Room>>(older("/1.3", LONG, vec![Protocol::v1_3(), Version::V2.into()]))
        .build()
        .unwrap();
    let address = serve(&endpoint).await;
    Fixture { endpoint, address, ends }
}
