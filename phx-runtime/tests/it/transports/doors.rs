//! What a transport from outside finds of a mount, and what a socket finds of both.

use std::{sync::Arc, time::Duration};

use http::{Request, request::Parts};
use parking_lot::Mutex;
use phx_runtime::{
    ConnectError, ConnectInfo, Endpoint, Params, Reason,
    channel::{Info, ToChannels},
    endpoint::{Broadcast, Forwarding, Requirements},
    options::{CheckOrigin, CustomOptions, Drainer, Mount, MountSettings},
    serializer::Version,
    socket::{ConnectRequest, RawConnect},
    transport::{CloseCode, Connection, Flow, Frame, Handled, Outgoing, RawSocket, TransportKind},
};

use super::memory::{Got, memory};

fn request(uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::get(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

/// Tells what it was told.
type Seen = Arc<Mutex<Vec<String>>>;

struct Curious;

impl RawConnect for Curious {
    fn requires(needed: &mut Requirements) {
        needed.handler("Curious").state::<Seen>();
    }

    fn start(endpoint: &Endpoint, mount: &MountSettings) {
        let seen = endpoint.state::<Seen>().unwrap().0;
        seen.lock().push(format!("start {} {:?}", mount.path(), mount.transports()));
    }

    async fn drain(endpoint: Endpoint, mount: &MountSettings) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let open = endpoint.connections();
        endpoint.state::<Seen>().unwrap().0.lock().push(format!("drain {} {open}", mount.path()));
    }

    async fn connect(request: ConnectRequest) -> Result<Self, ConnectError> {
        let info = request.info();
        let seen = request.endpoint().state::<Seen>()?.0;
        seen.lock().push(format!(
            "{} {:?} {:?} {:?} {:?} {} {} {:?}",
            info.transport(),
            info.params().get("room"),
            info.params().get("a"),
            info.user_agent(),
            info.auth_token(),
            info.uri(),
            request.mount().max_channels(),
            info.data::<u8>(),
        ));
        Ok(Self)
    }
}

impl RawSocket for Curious {
    fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a> {
        if &**frame.as_bytes() == b"bye" {
            let code = CloseCode::new(4001);
            connection.close_saying(code, "see you", Reason::Normal);
        }
        Flow::Continue.into()
    }
}

fn curious(seen: &Seen, options: CustomOptions) -> Endpoint {
    let mount = Mount::new("/curious/{room}").custom(options).max_channels(7).auth_token(true);
    let mount = mount.drainer(Some(Drainer::new().shutdown(Duration::from_secs(9))));
    Endpoint::builder().state(seen.clone()).raw_socket::<Curious>(mount).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_mount_may_have_custom_transports_alone_and_its_door_tells_all_of_a_request() {
    let seen = Seen::default();
    let endpoint = curious(&seen, CustomOptions::new().check_origin(CheckOrigin::ANY));
    assert_eq!(std::mem::take(&mut *seen.lock()), ["start /curious/{room} [\"custom\"]"]);
    let door = endpoint.door("/curious/7").unwrap();
    let headers = [("user-agent", "me"), ("host", "my.host"), ("x-phoenix-authtoken", "secret")];
    let request = request("/events?a=b", &headers);
    let info = door.check("sse", &request, Some(([127, 0, 0, 1], 9).into())).unwrap();
    assert_eq!(info.peer(), Some(([127, 0, 0, 1], 9).into()));
    let admitted = door.admit(info.with_data(5_u8)).await.unwrap();
    assert_eq!(
        std::mem::take(&mut *seen.lock()),
        [
            r#"sse Some("7") Some("b") Some("me") Some("secret") http://my.host/events?a=b 7 Some(5)"#
        ]
    );
    let (mut client, memory) = memory();
    tokio::spawn(admitted.serve(Connection::new(1000), memory));
    endpoint.drain().await;
    assert_eq!(*seen.lock(), ["drain /curious/{room} 1"]);
    assert_eq!(client.got.recv().await, Some(Got::Closed(Some(CloseCode::RESTART))));
    assert!(endpoint.door("/else").is_none());
}

#[tokio::test]
async fn a_door_is_closed_to_other_origins_and_bad_queries() {
    let endpoint = curious(&Seen::default(), CustomOptions::new());
    let door = endpoint.door("/curious/7").unwrap();
    let check = |uri: &str, origin: &str| {
        door.check("sse", &request(uri, &[("origin", origin), ("host", "localhost")]), None)
    };
    assert!(check("/", "http://localhost").is_ok());
    assert_eq!(check("/", "http://evil.example").unwrap_err().response().0, 403);
    assert_eq!(check("/?a=%ff", "http://localhost").unwrap_err().to_response().status(), 400);
}

#[test]
fn a_raw_socket_says_which_state_it_needs() {
    let mount = Mount::new("/curious").custom(CustomOptions::new());
    let error = Endpoint::builder().raw_socket::<Curious>(mount).build().unwrap_err();
    assert!(error.to_string().contains("Curious"), "{error}");
}

#[tokio::test]
async fn connect_info_can_be_made_whole() {
    let mut headers = http::HeaderMap::new();
    headers.insert("x-forwarded-for", "10.0.0.1".parse().unwrap());
    headers.insert("cookie", "secret".parse().unwrap());
    let info = ConnectInfo::new(TransportKind::Custom("m"), Params::default())
        .with_peer(([10, 0, 0, 2], 1).into())
        .with_uri("https://my.host/a".parse().unwrap())
        .with_headers(&headers)
        .with_auth_token("token");
    assert_eq!(info.peer(), Some(([10, 0, 0, 2], 1).into()));
    assert_eq!((info.port(), info.auth_token()), (443, Some("token")));
    assert_eq!(info.x_headers().collect::<Vec<_>>(), [("x-forwarded-for", "10.0.0.1")]);
    assert_eq!(info.data::<u8>(), None);
}

#[phx_runtime::channel("room:*")]
mod room {
    use phx_runtime::prelude::*;

    #[assigns]
    pub(super) struct Room;

    #[join]
    fn join(_: Payload) -> Result<Room, JoinError> {
        Ok(Room)
    }

    #[handle_info]
    fn told(_: &Room, number: u32, socket: &Socket) {
        socket.push("told", number);
    }

    #[handle_in("hang_up")]
    fn hang_up(_: &Room, _: Payload, socket: &Socket) {
        socket.close_connection(phx_runtime::transport::CloseCode::POLICY);
    }
}

#[phx_runtime::socket("/socket", websocket)]
#[channels(super::room::Room)]
mod user {
    use phx_runtime::prelude::*;

    #[assigns]
    pub(super) struct User;

    #[connect]
    fn connect() -> Result<User, ConnectError> {
        Ok(User)
    }
}

#[tokio::test(start_paused = true)]
async fn the_serializers_of_a_mount_hold_for_custom_transports() {
    let options = CustomOptions::new().serializers([Version::V2]);
    let builder = Endpoint::builder();
    let endpoint =
        builder.socket_with::<user::User>(|mount| mount.custom(options)).build().unwrap();
    let connect = |vsn: &'static str| {
        let params = Params::from_iter([("vsn", vsn)]);
        endpoint.connect("/socket", ConnectInfo::new(TransportKind::Custom("m"), params))
    };
    assert!(connect("2.0.0").await.is_ok());
    assert!(connect("1.0.0").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn all_channels_of_a_connection_or_one_of_them_can_be_told_and_a_channel_can_hang_up() {
    let endpoint = Endpoint::builder().socket::<user::User>().build().unwrap();
    let (mut client, transport) = memory();
    let params = Params::from_iter([("vsn", "2.0.0")]);
    let info = ConnectInfo::new(TransportKind::Custom("m"), params);
    let connection = Connection::new(10_000);
    let admitted = endpoint.connect("/socket", info).await.unwrap();
    let served = tokio::spawn(admitted.serve(connection.clone(), transport));
    for topic in ["room:a", "room:b"] {
        client.say(&format!(r#"["1","1","{topic}","phx_join",{{}}]"#));
        client.hears().await;
    }
    connection.notify(ToChannels::all(7_u32));
    let mut told = [client.hears().await, client.hears().await];
    told.sort();
    assert_eq!(told, [r#"["1",null,"room:a","told",7]"#, r#"["1",null,"room:b","told",7]"#]);
    connection.notify(ToChannels::one("room:b", 8_u32));
    assert_eq!(client.hears().await, r#"["1",null,"room:b","told",8]"#);
    client.say(r#"["1","2","room:a","hang_up",{}]"#);
    assert_eq!(client.got.recv().await, Some(Got::Closed(Some(CloseCode::POLICY))));
    assert_eq!(served.await.unwrap(), Reason::Shutdown);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_nobody_serves_takes_no_memory_without_end() {
    let connection = Connection::new(1000);
    for _ in 0..100 {
        connection.send(&Frame::binary(vec![0; 1000]));
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert_eq!(connection.take_frames(), [Outgoing::Close]);
}

/// Hears what is broadcast on one topic.
struct Listener(Endpoint, Option<Forwarding>);

impl RawConnect for Listener {
    async fn connect(request: ConnectRequest) -> Result<Self, ConnectError> {
        Ok(Self(request.endpoint().clone(), None))
    }
}

impl RawSocket for Listener {
    fn init<'a>(&'a mut self, connection: &'a Connection) -> Handled<'a> {
        self.1 = Some(self.0.forward("news", connection));
        Flow::Continue.into()
    }

    fn handle_in<'a>(&'a mut self, _: Frame, _: &'a Connection) -> Handled<'a> {
        self.1 = None;
        Flow::Continue.into()
    }

    fn handle_info<'a>(&'a mut self, message: Info, connection: &'a Connection) -> Handled<'a> {
        if let Ok(broadcast) = message.take::<Broadcast>() {
            connection.send(&Frame::text(broadcast.event().as_str()));
        }
        Flow::Continue.into()
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_broadcast_on_a_topic_arrives_in_a_raw_socket_until_it_stops_listening() {
    let mount = Mount::new("/listen").custom(CustomOptions::new());
    let endpoint = Endpoint::builder().raw_socket::<Listener>(mount).build().unwrap();
    let (mut client, transport) = memory();
    let info = ConnectInfo::new(TransportKind::Custom("m"), Params::default());
    let admitted = endpoint.connect("/listen", info).await.unwrap();
    let served = tokio::spawn(admitted.serve(Connection::new(1000), transport));
    while endpoint.subscribers("news") == 0 {
        tokio::task::yield_now().await;
    }
    endpoint.broadcast("news", "first", 1);
    endpoint.broadcast("news", "second", 2);
    assert_eq!([client.hears().await, client.hears().await], ["first", "second"]);
    client.say("stop");
    while endpoint.subscribers("news") == 1 {
        tokio::task::yield_now().await;
    }
    drop(client);
    assert_eq!(served.await.unwrap(), Reason::Lost);
}

#[tokio::test]
async fn a_transport_may_name_a_socket_by_its_type() {
    let endpoint = Endpoint::builder().build().unwrap();
    let info = || {
        let params = Params::from_iter([("vsn", "2.0.0")]);
        ConnectInfo::new(TransportKind::Custom("m"), params)
    };
    let admitted = endpoint.connect_socket::<user::User>(info()).await.unwrap();
    assert_eq!(admitted.id(), None);
    let mount = Mount::new("/listen");
    assert!(endpoint.connect_raw_socket::<Listener>(&mount, info()).await.is_ok());
}
