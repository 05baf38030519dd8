//! What `{:?}` shows of what holds secrets or what clients sent: kinds and sizes.

use std::fmt::Debug;

use phx_runtime::{
    Binary, ConnectInfo, Endpoint, JoinError, Joined, Params, Payload, Reply, json,
    options::Mount,
    testing,
    token::Secret,
    transport::{Control, Frame, Text, TransportKind},
};

const SECRET: &str = "hunter2-hunter2-hunter2-hunter2-hunter2-hunter2-hunter2-hunter2-hunter2";

fn assert_hidden(what: &dyn Debug) {
    for shown in [format!("{what:?}"), format!("{what:#?}")] {
        assert!(!shown.contains("hunter2"), "{shown}");
        // Nor byte by byte.
        assert!(!shown.contains("104, 117"), "{shown}");
        assert!(shown.len() < 2000, "{shown}");
    }
}

#[derive(Debug)]
struct Room;

impl phx_runtime::channel::HandlesInfo<&'static str> for Room {}

#[test]
fn payloads_and_frames_show_kind_and_size() {
    let value = json!({ "password": SECRET });
    let payload = Payload::json(&value).unwrap();
    assert_eq!(format!("{payload:?}"), "<86 bytes of JSON>");
    assert_hidden(&payload);
    assert_hidden(&Payload::binary(SECRET.as_bytes()));
    assert_hidden(&Binary::from(SECRET.as_bytes()));
    assert_hidden(&Text::from(SECRET));
    assert_hidden(&Frame::text(SECRET));
    assert_hidden(&Frame::binary(SECRET.as_bytes()));
    assert_hidden(&Control::Ping(SECRET.as_bytes().into()));
    assert_hidden(&Control::Pong(SECRET.as_bytes().into()));
    assert_hidden(&Reply::ok(&value));
    assert_hidden(&Reply::error(&value));
    assert_hidden(&JoinError::with(&value));
    assert_hidden(&Joined::new(Room).reply(&value).then(SECRET));
}

#[test]
fn requests_show_neither_tokens_nor_values() {
    let params = Params::from_query(&format!("token={SECRET}&a[b]={SECRET}")).unwrap();
    assert_hidden(&params);
    assert_hidden(&ConnectInfo::new(TransportKind::WebSocket, params));
}

#[tokio::test]
async fn endpoints_sockets_and_broadcasts_show_no_secret_and_no_message() {
    let endpoint = Endpoint::builder().secret(Secret::from(SECRET)).build().unwrap();
    assert_hidden(&Secret::from(SECRET));
    assert_hidden(&endpoint);
    assert_hidden(&Endpoint::builder().secret(Secret::from(SECRET)));
    assert_hidden(&Mount::new("/socket"));

    let mut subscription = endpoint.subscribe("news");
    endpoint.broadcast("news", "new", json!({ "body": SECRET }));
    assert_hidden(&subscription);
    let broadcast = subscription.recv().await.unwrap();
    assert_hidden(&broadcast);

    let socket = testing::socket("room:1");
    socket.push("secret", json!({ "body": SECRET }));
    assert_hidden(&socket);
}
