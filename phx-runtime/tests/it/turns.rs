//! Whoever makes the server work takes turns with the others. The server has one thread here, so how
//! much happens between two looks of another task is a count and not a time.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use phx_runtime::{
    channel::Info,
    options::{CheckOrigin, Mount, WebSocketOptions},
    prelude::*,
    socket::{ConnectRequest, RawConnect},
    transport::{Connection, Flow, Frame, Handled, RawSocket},
};
use tokio::{
    io::AsyncWriteExt,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

use crate::support::{
    everybody::{Open, User},
    raw_client::{RawClient, TEXT, frame},
    server::serve,
};

/// More than a turn takes, and less than all.
const SOME: usize = 400;

type Count = Arc<AtomicUsize>;

struct Room;

impl Open for Room {}

#[channel("room:*", log_join = false, log_handle_in = false)]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("say")]
    fn say(&self, payload: Payload, socket: &Socket, count: State<Count>) {
        socket.broadcast("said", payload);
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Counts what it is notified of, and lends its connection.
struct Listener(Count, UnboundedSender<Connection>);

impl RawConnect for Listener {
    async fn connect(request: ConnectRequest) -> Result<Self, ConnectError> {
        let endpoint = request.endpoint();
        Ok(Self(endpoint.state::<Count>()?.0, endpoint.state::<UnboundedSender<Connection>>()?.0))
    }
}

impl RawSocket for Listener {
    fn init<'a>(&'a mut self, connection: &'a Connection) -> Handled<'a> {
        self.1.send(connection.clone()).unwrap();
        Flow::Continue.into()
    }

    fn handle_in<'a>(&'a mut self, _: Frame, _: &'a Connection) -> Handled<'a> {
        Flow::Continue.into()
    }

    fn handle_info<'a>(&'a mut self, _: Info, _: &'a Connection) -> Handled<'a> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Flow::Continue.into()
    }
}

struct Server {
    endpoint: Endpoint,
    address: SocketAddr,
    count: Count,
    connections: UnboundedReceiver<Connection>,
}

async fn start() -> Server {
    let (count, (sender, connections)) = (Count::default(), unbounded_channel());
    let options = WebSocketOptions::new().check_origin(CheckOrigin::ANY);
    let endpoint = Endpoint::builder()
        .state(count.clone())
        .state(sender)
        .socket::<User<Room>>()
        .raw_socket::<Listener>(Mount::new("/listener").websocket(options))
        .build()
        .unwrap();
    let address = serve(&endpoint).await;
    Server { endpoint, address, count, connections }
}

#[tokio::test]
async fn a_connection_that_is_told_much_takes_turns_with_others() {
    let mut server = start().await;
    let _client = RawClient::connect(server.address, "/listener/websocket", "").await;
    let connection = server.connections.recv().await.unwrap();
    for number in 0..10_000 {
        connection.notify(number);
    }
    let mut before = 0;
    while before < 10_000 {
        let now = server.count.load(Ordering::Relaxed);
        assert!(now - before < SOME, "{} in one turn", now - before);
        before = now;
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn broadcasts_of_a_long_read_leave_before_it_is_worked_off() {
    let server = start().await;
    let mut room = server.endpoint.subscribe("room:a");
    let mut client = RawClient::joined(server.address, "room:a").await;
    let message = frame(TEXT, br#"["1",null,"room:a","say",1]"#);
    client.stream.write_all(&message.repeat(1500)).await.unwrap();
    room.recv().await.unwrap();
    let handled = server.count.load(Ordering::Relaxed);
    assert!(handled < SOME, "{handled} messages were handled before");
    for _ in 1..1500 {
        room.recv().await.unwrap();
    }
}
