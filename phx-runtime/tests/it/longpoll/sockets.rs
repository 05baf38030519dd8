//! The sockets that the tests talk to, and a server for them.

use std::{net::SocketAddr, time::Duration};

use futures_util::future::BoxFuture;
use phx_runtime::{
    options::{CheckOrigin, LongPollOptions, Mount},
    prelude::*,
    socket::{ConnectRequest, RawConnect},
    transport::{CloseCode, Connection, Flow, Frame, Handled, RawSocket},
};
use tokio::sync::mpsc;
use warp::Filter;

use crate::support::{everybody::User, server::serve_routes};

/// No test waits for this one to pass.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// Tests do wait for this one.
pub(crate) const SHORT: Duration = Duration::from_millis(50);

/// Where the raw socket tells why it ended.
type Ends = mpsc::UnboundedSender<Reason>;

/// Sends text back; a few texts make it do something else.
pub(crate) struct Echo {
    params: String,
    ends: Ends,
}

impl RawConnect for Echo {
    async fn connect(request: ConnectRequest) -> Result<Self, ConnectError> {
        let info = request.info();
        match info.params().get("connect") {
            Some("refuse") => return Err(ConnectError::new("told to").status(429)),
            Some("fail") => return Err(Fault::new("the database is at 10.0.0.7").into()),
            _ => {}
        }
        let params: Vec<_> = info
            .params()
            .iter()
            .map(|(name, value)| format!("{name}={}", value.as_str().unwrap()))
            .collect();
        let (transport, auth) = (info.transport(), info.auth_token().unwrap_or("-"));
        let params = format!("{transport} {auth} {}", params.join("&"));
        let ends = (*request.endpoint().state::<Ends>()?).clone();
        Ok(Self { params, ends })
    }
}

impl RawSocket for Echo {
    fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a> {
        match frame.as_bytes().as_ref() {
            b"params" => connection.send(&Frame::text(self.params.as_str())),
            b"stop" => return Flow::Stop(CloseCode::NORMAL).into(),
            b"panic" => panic!("told to"),
            b"forever" => return Handled::later(std::future::pending()),
            _ => connection.send(&frame),
        }
        Flow::Continue.into()
    }

    fn terminate<'a>(&'a mut self, reason: Reason, _: &'a Connection) -> BoxFuture<'a, ()> {
        // The test may be over.
        let _ = self.ends.send(reason);
        Box::pin(std::future::ready(()))
    }
}

pub(crate) fn any_origin(window: Duration) -> LongPollOptions {
    LongPollOptions::new().window(window).check_origin(CheckOrigin::ANY)
}

pub(crate) struct Fixture {
    pub(crate) endpoint: Endpoint,
    pub(crate) address: SocketAddr,
    pub(crate) ends: mpsc::UnboundedReceiver<Reason>,
}

/// A server with everybody's socket, and with that above mounted in some ways.
pub(crate) async fn start() -> Fixture {
    let (endpoint, ends) = endpoint();
    let routes = endpoint.routes().or(warp::body::bytes().map(http::Response::<bytes::Bytes>::new));
    let address = serve_routes(&endpoint, routes).await;
    Fixture { endpoint, address, ends }
}

pub(crate) fn endpoint() -> (Endpoint, mpsc::UnboundedReceiver<Reason>) {
    let (ends, receiver) = mpsc::unbounded_channel::<Reason>();
    let example = CheckOrigin::list(["https://example.com"]);
    let endpoint = Endpoint::builder()
        .state(ends)
        .socket_with::<User>(|mount| mount.longpoll(any_origin(LONG)))
        .raw_socket::<Echo>(Mount::new("/echo").auth_token(true).longpoll(any_origin(LONG)))
        .raw_socket::<Echo>(Mount::new("/short").longpoll(any_origin(SHORT)))
        .raw_socket::<Echo>(Mount::new("/small").longpoll(any_origin(LONG).max_body_size(1000)))
        .raw_socket::<Echo>(Mount::new("/few").longpoll(any_origin(LONG).max_sessions(3)))
        .raw_socket::<Echo>(
            Mount::new("/few_each").longpoll(any_origin(LONG).max_sessions_per_peer(3)),
        )
        .raw_socket::<Echo>(Mount::new("/in/{place}").longpoll(any_origin(LONG).path("/here")))
        .raw_socket::<Echo>(Mount::new("/strict").longpoll(any_origin(LONG).check_origin(example)))
        .build()
        .unwrap();
    (endpoint, receiver)
}
