//! Options that the attribute sets, and others that the program sets at start.

use std::net::SocketAddr;

use futures_util::future::{join, join_all};
use phx_runtime::{
    options::{CheckOrigin, Drainer, LongPollOptions, Mount, WebSocketOptions},
    prelude::*,
};

use crate::{
    admission::server::serve,
    support::{clock::time_until, handshake::open, http_client, logs::Logs},
};

struct Strict;

#[socket(
    "/socket",
    websocket(path = "/ws", serializers(v2), transport_log = "warn", subprotocols("chat")),
    longpoll(path = "/poll", serializers(v2), transport_log = "warn"),
    drainer(batch_size = 1, log = "warn")
)]
impl Strict {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

async fn start(change: impl FnOnce(Mount) -> Mount) -> SocketAddr {
    serve(Endpoint::builder().socket_with::<Strict>(change)).await
}

const PAGE: (&str, &str) = ("Origin", "https://example.com");

fn example() -> CheckOrigin {
    CheckOrigin::list(["https://example.com"])
}

#[tokio::test]
async fn an_option_set_at_start_leaves_the_others_as_the_attribute_has_them() {
    let logs = Logs::from("warn");
    let at = start(|mount| mount.websocket(WebSocketOptions::new().check_origin(example()))).await;
    logs.take();
    let status = |target: &'static str, protocol: &'static str| async move {
        open(at, target, &[PAGE, ("Sec-WebSocket-Protocol", protocol)]).await.status
    };
    assert_eq!(status("/socket/ws?vsn=2.0.0", "chat").await, 101);
    let text = logs.take();
    assert!(
        text.contains(" WARN ") && text.contains(r#"method="GET" path="/socket/ws""#),
        "{text}"
    );
    assert_eq!(status("/socket/ws?vsn=1.0.0", "chat").await, 403);
    assert_eq!(status("/socket/ws?vsn=2.0.0", "other").await, 403);
    assert_eq!(status("/socket/websocket?vsn=2.0.0", "chat").await, 404);
}

#[tokio::test]
async fn long_poll_options_are_merged_as_well() {
    let at = start(|mount| mount.longpoll(LongPollOptions::new().check_origin(example()))).await;
    let status = |target: &'static str| async move {
        let page = http_client::request(&http::Method::GET, target, &[PAGE], "");
        http_client::send(at, page).await.json()["status"].clone()
    };
    assert_eq!(status("/socket/poll?vsn=2.0.0").await, 410);
    assert_eq!(status("/socket/poll?vsn=1.0.0").await, 403);
}

#[tokio::test]
async fn an_option_set_at_start_wins_over_the_attribute() {
    let options = WebSocketOptions::new().check_origin(CheckOrigin::ANY);
    let at = start(|mount| {
        mount.websocket(options.path("/other")).websocket(WebSocketOptions::new().path("/last"))
    })
    .await;
    assert_eq!(open(at, "/socket/last?vsn=2.0.0", &[PAGE]).await.status, 101);
    assert_eq!(open(at, "/socket/ws?vsn=2.0.0", &[PAGE]).await.status, 404);
}

#[tokio::test]
async fn a_drainer_set_at_start_leaves_the_rest_of_the_attributes() {
    let pause = Drainer::new().batch_interval(std::time::Duration::from_millis(1));
    let builder = Endpoint::builder().socket_with::<Strict>(|it| it.drainer(Some(pause)));
    let (endpoint, at) = crate::admission::server::serve_endpoint(builder).await;
    let target = "/socket/ws?vsn=2.0.0";
    let clients = [open(at, target, &[]).await, open(at, target, &[]).await];
    while endpoint.connections() < clients.len() {
        tokio::task::yield_now().await;
    }
    let logs = Logs::from("warn");
    let closed = clients.map(|client| async { client.accepted().closed_with().await });
    time_until(join(endpoint.drain(), join_all(closed))).await;
    let text = logs.take();
    assert!(text.contains("round=2 rounds=2"), "{text}");
}
