//! However a transport or a socket behaves, the socket is told of its end once, and nobody else is hurt.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use parking_lot::Mutex;
use phx_runtime::{
    ConnectError, ConnectInfo, Endpoint, Params, Reason,
    channel::Info,
    options::{CustomOptions, Mount, ServerOptions, WebSocketOptions},
    socket::{ConnectRequest, RawConnect},
    transport::{
        CloseCode, Connection, Flow, Frame, Handled, Outcome, Outgoing, RawSocket, Received, Text,
        TransportKind,
    },
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::memory::{Client, Got, Memory, memory};

/// What sockets were told at their end.
type Ends = Arc<Mutex<Vec<Reason>>>;

/// Does what its client says.
struct Obedient {
    begins: String,
    ends: Ends,
}

impl RawConnect for Obedient {
    async fn connect(request: ConnectRequest) -> Result<Self, ConnectError> {
        let begins = request.info().params().get("begins").unwrap_or_default().to_owned();
        Ok(Self { begins, ends: request.endpoint().state::<Ends>()?.0 })
    }
}

impl RawSocket for Obedient {
    fn init<'a>(&'a mut self, connection: &'a Connection) -> Handled<'a> {
        match &*self.begins {
            "never" => Flow::Stop(CloseCode::POLICY).into(),
            "later" => Handled::later(async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                connection.send(&Frame::text("begun"));
                Flow::Continue
            }),
            "impatient" => {
                connection.set_timeout(Some(Duration::from_secs(3)));
                Flow::Continue.into()
            }
            _ => Flow::Continue.into(),
        }
    }

    fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a> {
        match &**frame.as_bytes() {
            b"stop" => {
                connection.send(&Frame::text("bye"));
                Flow::Stop(CloseCode::NORMAL).into()
            }
            b"invalid" => Flow::Malformed(CloseCode::INVALID_DATA).into(),
            b"panic" => panic!("told to"),
            b"notify" => {
                connection.notify("info");
                Flow::Continue.into()
            }
            _ => {
                connection.send(&frame);
                Flow::Continue.into()
            }
        }
    }

    fn handle_info<'a>(&'a mut self, message: Info, connection: &'a Connection) -> Handled<'a> {
        if let Ok(text) = message.take::<&'static str>() {
            connection.send(&Frame::text(text));
        }
        Flow::Continue.into()
    }

    fn terminate<'a>(&'a mut self, reason: Reason, _: &'a Connection) -> BoxFuture<'a, ()> {
        self.ends.lock().push(reason);
        Box::pin(std::future::ready(()))
    }
}

#[phx_runtime::channel("room:*")]
mod room {
    use phx_runtime::prelude::*;

    use super::Ends;

    #[assigns]
    pub(super) struct Room(Ends);

    #[join]
    fn join(_: Payload, ends: State<Ends>) -> Result<Room, JoinError> {
        Ok(Room(ends.0))
    }

    #[handle_in("panic")]
    fn panic(_: &Room, _: Payload) -> Reply {
        panic!("told to")
    }

    #[terminate]
    async fn terminate(room: &mut Room, reason: Reason) {
        tokio::task::yield_now().await;
        room.0.lock().push(reason);
    }
}

#[phx_runtime::socket("/socket/{place}", websocket(check_origin = false))]
#[channels(super::room::Room)]
mod user {
    use phx_runtime::prelude::*;

    #[assigns]
    pub(super) struct User;

    #[connect]
    fn connect(info: &ConnectInfo) -> Result<User, ConnectError> {
        match info.params().get("place") {
            Some("there") => Ok(User),
            _ => Err(ConnectError::new("nowhere")),
        }
    }
}

fn endpoint() -> (Endpoint, Ends) {
    let ends = Ends::default();
    let raw = Mount::new("/raw").websocket(WebSocketOptions::new());
    let endpoint = Endpoint::builder().state(ends.clone()).raw_socket::<Obedient>(raw);
    (endpoint.socket::<user::User>().build().unwrap(), ends)
}

async fn serve(
    endpoint: &Endpoint,
    path: &str,
    begins: &str,
    transport: Memory,
) -> JoinHandle<Reason> {
    let params = Params::from_iter([("vsn", "2.0.0"), ("begins", begins)]);
    let info = ConnectInfo::new(TransportKind::Custom("memory"), params);
    let admitted = endpoint.connect(path, info).await.unwrap();
    tokio::spawn(admitted.serve(Connection::new(1000), transport))
}

async fn raw(endpoint: &Endpoint, begins: &str) -> (Client, JoinHandle<Reason>) {
    let (client, memory) = memory();
    (client, serve(endpoint, "/raw", begins, memory).await)
}

async fn joined(endpoint: &Endpoint, transport: Memory, client: &mut Client) -> JoinHandle<Reason> {
    let served = serve(endpoint, "/socket/there", "", transport).await;
    client.say(r#"["1","1","room:a","phx_join",{}]"#);
    let reply: Value = serde_json::from_str(&client.hears().await).unwrap();
    assert_eq!(reply, json!(["1", "1", "room:a", "phx_reply", { "status": "ok", "response": {} }]));
    served
}

#[tokio::test(start_paused = true)]
async fn the_last_frames_of_a_socket_that_stops_arrive_and_its_code_says_why() {
    let (endpoint, ends) = endpoint();
    for (said, heard, code, reason) in [
        ("stop", Some("bye"), CloseCode::NORMAL, Reason::Normal),
        ("invalid", None, CloseCode::INVALID_DATA, Reason::failed("closed with code 1007")),
        ("panic", None, CloseCode::INTERNAL, Reason::failed("the socket panicked")),
    ] {
        let (mut client, served) = raw(&endpoint, "").await;
        client.say(said);
        if let Some(heard) = heard {
            assert_eq!(client.hears().await, heard);
        }
        assert_eq!(client.got.recv().await, Some(Got::Closed(Some(code))), "{said}");
        assert_eq!(served.await.unwrap(), reason);
        assert_eq!(std::mem::take(&mut *ends.lock()), [reason]);
    }
    assert_eq!(endpoint.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_why_it_goes_is_told_apart_from_one_that_is_lost() {
    let (endpoint, ends) = endpoint();
    let closed = |code: Option<u16>, text: &str| Received::Closed {
        code: code.and_then(CloseCode::new),
        text: Text::from(text),
    };
    let with = |code, text: &str| Reason::ClosedWith { code, text: text.into() };
    for (last, reason) in [
        (closed(None, ""), Reason::Closed),
        (closed(Some(1000), ""), Reason::Closed),
        (closed(Some(1001), ""), Reason::Closed),
        (closed(Some(1000), "lunch"), with(1000, "lunch")),
        (closed(Some(4000), ""), with(4000, "")),
        (closed(None, "no code"), with(1005, "no code")),
        (Received::Lost, Reason::Lost),
    ] {
        let (client, served) = raw(&endpoint, "").await;
        client.to_server.send(last).unwrap();
        assert_eq!(served.await.unwrap(), reason);
        assert_eq!(std::mem::take(&mut *ends.lock()), [reason]);
    }
}

#[tokio::test(start_paused = true)]
async fn init_may_refuse_or_take_its_time() {
    let (endpoint, ends) = endpoint();
    let (mut client, served) = raw(&endpoint, "never").await;
    assert_eq!(client.got.recv().await, Some(Got::Closed(Some(CloseCode::POLICY))));
    assert_eq!(served.await.unwrap(), Reason::failed("closed with code 1008"));
    assert_eq!(ends.lock().len(), 1);

    let (mut client, _served) = raw(&endpoint, "later").await;
    client.say("early");
    assert_eq!(client.hears().await, "begun");
    assert_eq!(client.hears().await, "early");
}

#[tokio::test(start_paused = true)]
async fn a_socket_may_set_the_timeout_of_its_own_connection() {
    let (endpoint, ends) = endpoint();
    let (mut client, served) = raw(&endpoint, "impatient").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    client.say("a");
    assert_eq!(client.hears().await, "a");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!served.is_finished());
    assert_eq!(served.await.unwrap(), Reason::Inactive);
    assert_eq!(*ends.lock(), [Reason::Inactive]);
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_answers_each_message_is_told_of_each_and_goes_on_after_an_invalid_one() {
    let (endpoint, _) = endpoint();
    let (mut client, mut transport) = memory();
    transport.answers_each_message = true;
    let outcomes = transport.outcomes.clone();
    let served = serve(&endpoint, "/raw", "", transport).await;
    for said in ["invalid", "a", "notify", "stop"] {
        client.say(said);
    }
    for heard in ["a", "info", "bye"] {
        assert_eq!(client.hears().await, heard);
    }
    assert_eq!(served.await.unwrap(), Reason::Normal);
    let taken = [Outcome::Malformed, Outcome::Taken, Outcome::Taken, Outcome::Stopped];
    assert_eq!(*outcomes.lock(), taken);
}

#[tokio::test(start_paused = true)]
async fn connections_of_other_transports_are_counted_and_drained() {
    let (endpoint, ends) = endpoint();
    let (mut client, served) = raw(&endpoint, "").await;
    let (mut other, memory) = memory();
    let other_served = joined(&endpoint, memory, &mut other).await;
    assert_eq!(endpoint.connections(), 2);
    endpoint.drain().await;
    assert_eq!(endpoint.connections(), 0);
    assert_eq!(client.got.recv().await, Some(Got::Closed(Some(CloseCode::RESTART))));
    assert_eq!(served.await.unwrap(), Reason::Draining);
    assert_eq!(other_served.await.unwrap(), Reason::Draining);
    assert_eq!(*ends.lock(), [Reason::Draining, Reason::Draining]);

    let info = ConnectInfo::new(TransportKind::Custom("memory"), Params::default());
    let refused = endpoint.connect("/raw", info).await.unwrap_err();
    assert_eq!(refused.response().0, 503);
}

#[tokio::test]
async fn connections_of_other_transports_are_among_those_there_may_be() {
    let raw = Mount::new("/raw").custom(CustomOptions::new());
    let limits = ServerOptions::new().max_connections(2).max_connections_per_peer(1);
    let builder = Endpoint::builder().server(limits).state(Ends::default());
    let endpoint = builder.raw_socket::<Obedient>(raw).build().unwrap();
    let from = |peer: [u8; 4]| {
        let kind = TransportKind::Custom("memory");
        ConnectInfo::new(kind, Params::default()).with_peer((peer, 1).into())
    };
    let first = endpoint.connect("/raw", from([192, 0, 2, 1])).await.unwrap();
    let refused = |error: ConnectError| {
        let answer = error.to_response();
        (answer.status().as_u16(), answer.headers().contains_key("retry-after"))
    };
    let again = endpoint.connect("/raw", from([192, 0, 2, 1])).await.unwrap_err();
    assert_eq!(refused(again), (429, true));
    let door = endpoint.door("/raw").unwrap();
    let second = door.admit(from([192, 0, 2, 2])).await.unwrap();
    let third = door.admit(from([192, 0, 2, 3])).await.unwrap_err();
    assert_eq!(refused(third), (503, true));
    drop(first);
    assert!(door.admit(from([192, 0, 2, 1])).await.is_ok());
    drop(second);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_never_polled_again_keeps_nothing_and_hurts_nobody() {
    let (endpoint, ends) = endpoint();
    let (mut neighbour, their_memory) = memory();
    let _neighbour_served = joined(&endpoint, their_memory, &mut neighbour).await;
    let (client, transport) = memory();
    let params = Params::from_iter([("vsn", "2.0.0")]);
    let info = ConnectInfo::new(TransportKind::Custom("memory"), params);
    let admitted = endpoint.connect("/socket/there", info).await.unwrap();
    let connection = Connection::new(1000);
    let mut served = Box::pin(admitted.serve(connection.clone(), transport));
    client.say(r#"["1","1","room:a","phx_join",{}]"#);
    assert_eq!((&mut served).now_or_never(), None);
    assert_eq!(endpoint.subscribers("room:a"), 2);
    for _ in 0..60 {
        endpoint.broadcast("room:a", "news", json!("x".repeat(1000)));
        assert!(neighbour.hears().await.contains("news"));
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    // After twice the time that a client may be behind.
    assert_eq!(connection.take_frames(), [Outgoing::Close]);
    drop(served);
    while ends.lock().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(endpoint.subscribers("room:a"), 1);
    assert_eq!(endpoint.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_panics_ends_its_connection_alone_and_its_channels_are_told() {
    let (endpoint, ends) = endpoint();
    let (mut neighbour, their_memory) = memory();
    let neighbour_served = joined(&endpoint, their_memory, &mut neighbour).await;
    for place in ["poll_receive", "poll_send", "ended"] {
        let (mut client, mut transport) = memory();
        if place == "ended" {
            transport.stumbles_in = place;
        }
        let served = if place == "ended" {
            joined(&endpoint, transport, &mut client).await
        } else {
            // It stumbles over the second message.
            transport.stumbles_in = place;
            serve(&endpoint, "/raw", "", transport).await
        };
        if place == "ended" {
            client.to_server.send(Received::Lost).unwrap();
        } else {
            client.say("a");
        }
        assert!(served.await.unwrap_err().is_panic(), "{place}");
        while ends.lock().is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(std::mem::take(&mut *ends.lock()), [Reason::Lost], "{place}");
    }
    assert_eq!(endpoint.connections(), 1);
    assert_eq!(endpoint.subscribers("room:a"), 1);
    neighbour.say(r#"[null,"2","phoenix","heartbeat",{}]"#);
    assert!(neighbour.hears().await.contains("phx_reply"));
    assert!(!neighbour_served.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_task_is_dropped_leaves_its_topics_and_is_told_once() {
    let (endpoint, ends) = endpoint();
    let (mut client, transport) = memory();
    let served = joined(&endpoint, transport, &mut client).await;
    assert_eq!(endpoint.subscribers("room:a"), 1);
    served.abort();
    assert!(served.await.unwrap_err().is_cancelled());
    while ends.lock().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(*ends.lock(), [Reason::Lost]);
    assert_eq!(endpoint.subscribers("room:a"), 0);
    assert_eq!(endpoint.connections(), 0);

    // One that was never begun has nothing to end.
    let (_client, transport) = memory();
    serve(&endpoint, "/raw", "", transport).await.abort();
    tokio::task::yield_now().await;
    assert_eq!(endpoint.connections(), 0);
    assert_eq!(ends.lock().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_is_driven_by_hand_and_dropped_leaves_its_topics() {
    let (endpoint, ends) = endpoint();
    let params = Params::from_iter([("vsn", "2.0.0")]);
    let info = ConnectInfo::new(TransportKind::Custom("hand"), params);
    let mut socket = endpoint.connect("/socket/there", info).await.unwrap().into_socket();
    let connection = Connection::new(1000);
    assert_eq!(socket.init(&connection).decide().await, Flow::Continue);
    let join = Frame::text(r#"["1","1","room:a","phx_join",{}]"#);
    assert_eq!(socket.handle_in(join, &connection).decide().await, Flow::Continue);
    assert_eq!(endpoint.subscribers("room:a"), 1);
    drop(socket);
    while ends.lock().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(*ends.lock(), [Reason::Lost]);
    assert_eq!(endpoint.subscribers("room:a"), 0);
}

#[tokio::test]
async fn a_mount_is_found_by_its_path_and_the_variables_are_parameters() {
    let (endpoint, _) = endpoint();
    let connect = |path: &'static str| {
        let info =
            ConnectInfo::new(TransportKind::Custom("m"), Params::from_iter([("vsn", "2.0.0")]));
        endpoint.connect(path, info)
    };
    assert!(connect("/socket/there").await.is_ok());
    assert_eq!(connect("/socket/else").await.unwrap_err().to_string(), "nowhere");
    assert_eq!(connect("/socket").await.unwrap_err().response().0, 404);
}
