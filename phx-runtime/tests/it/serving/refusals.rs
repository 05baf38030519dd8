//! What a client can read of why it may not stay, and of what it may send.

use std::{net::SocketAddr, time::Duration};

use phx_runtime::{
    ConnectError, Endpoint, Fault, json,
    options::{CheckOrigin, LongPollOptions, Mount, Rate, ServerOptions, WebSocketOptions},
    server::Builder,
    socket::{ConnectRequest, RawConnect},
    transport::{Connection, Flow, Frame, Handled, RawSocket},
};
use serde_json::Value;
use tokio::net::TcpStream;

use super::{answer, get, start};
use crate::support::{
    everybody::User,
    handshake::{HANDSHAKE, send},
    http_client::Client,
    raw_client::{CLOSE, RawClient, SOCKET},
};

/// Refuses whom its parameters tell to refuse.
struct Picky;

impl RawConnect for Picky {
    async fn connect(request: ConnectRequest) -> Result<Self, ConnectError> {
        match request.info().params().get("as") {
            Some("nobody") => Err(ConnectError::new("no user").status(401).body("log in first")),
            Some("banned") => Err(ConnectError::new("no user")),
            Some("broken") => Err(Fault::new("the database is at 10.0.0.7").into()),
            _ => Ok(Self),
        }
    }
}

impl RawSocket for Picky {
    fn handle_in<'a>(&'a mut self, _: Frame, _: &'a Connection) -> Handled<'a> {
        Flow::Continue.into()
    }
}

fn picky(options: WebSocketOptions) -> Builder {
    let options = options.check_origin(CheckOrigin::list(["https://example.com"]));
    Endpoint::builder().raw_socket::<Picky>(Mount::new("/picky").websocket(options))
}

/// Code and text with which a client is closed as soon as it is let in.
async fn closed(at: SocketAddr, path: &str, headers: &str) -> (u16, String) {
    let mut client = RawClient::connect(at, path, headers).await;
    let frame = client.frame().await.unwrap();
    assert_eq!(frame.first, CLOSE, "{frame:?}");
    let text = String::from_utf8(frame.payload[2..].to_vec()).unwrap();
    client.send(CLOSE, &frame.payload[..2]).await;
    assert_eq!(client.frame().await, None);
    (frame.close_code(), text)
}

/// The status of a handshake that fails.
async fn status(at: SocketAddr, path: &str, headers: &str) -> String {
    let request = get(path, &format!("{headers}{HANDSHAKE}"));
    send(at, request).await.status.to_string()
}

#[tokio::test]
async fn a_page_can_read_why_it_is_refused_where_the_mount_says_so() {
    let options = WebSocketOptions::new().refuse_by_close(true);
    let limited = ServerOptions::new().max_connections(1);
    let at = start(picky(options).server(limited), "127.0.0.1:0").await;
    let closed = async |query: &str| closed(at, &format!("/picky/websocket{query}"), "").await;
    assert_eq!(closed("?as=nobody").await, (4501, "log in first".to_owned()));
    assert_eq!(closed("?as=banned").await, (4503, "Forbidden".to_owned()));
    assert_eq!(closed("?as=broken").await, (1013, "Internal Server Error".to_owned()));
    let _first = RawClient::connect(at, "/picky/websocket", "").await;
    assert_eq!(closed("").await, (1013, "too many connections".to_owned()));
}

#[tokio::test]
async fn a_refused_page_is_answered_with_a_protocol_that_it_offered() {
    let options = WebSocketOptions::new().refuse_by_close(true);
    let at = start(picky(options), "127.0.0.1:0").await;
    let offered = "Sec-WebSocket-Protocol: phoenix, other\r\n";
    let client = RawClient::connect(at, "/picky/websocket?as=nobody", offered).await;
    assert_eq!(client.header("sec-websocket-protocol"), Some("phoenix"));
}

#[tokio::test]
async fn whoever_may_not_even_ask_is_refused_by_status() {
    let at = start(picky(WebSocketOptions::new().refuse_by_close(true)), "127.0.0.1:0").await;
    let elsewhere = "Origin: https://evil.example\r\n";
    assert_eq!(status(at, "/picky/websocket", elsewhere).await, "403");
    let answer = answer(TcpStream::connect(at).await.unwrap(), &get("/picky/websocket", "")).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    // Where the mount says nothing, everybody is.
    let at = start(picky(WebSocketOptions::new()), "127.0.0.1:0").await;
    assert_eq!(status(at, "/picky/websocket?as=nobody", "").await, "401");
}

#[tokio::test]
async fn a_client_that_asks_is_told_what_it_may_send() {
    let builder = Endpoint::builder().socket_with::<User>(|mount| {
        let timeout = Some(Duration::from_secs(45));
        mount
            .websocket(WebSocketOptions::new().max_frame_size(1_000).timeout(timeout))
            .longpoll(LongPollOptions::new().max_body_size(2_000))
            .max_channels(7)
            .max_rate(Rate::per_second(50).burst(100))
            .max_event_rate("new_msg", Rate::per_second(2))
    });
    let at = start(builder, "127.0.0.1:0").await;
    let limits = |of_transport: Value| {
        let mut limits = json!({
            "max_channels": 7,
            "max_rate": { "per_second": 50, "burst": 100 },
            "max_event_rates": { "new_msg": { "per_second": 2, "burst": 2 } },
        });
        limits.as_object_mut().unwrap().extend(of_transport.as_object().unwrap().clone());
        json!([null, "1", "phoenix", "phx_reply", { "status": "ok", "response": limits }])
    };
    let ask = r#"[null,"1","phoenix","limits",{}]"#;
    let mut client = RawClient::connect(at, SOCKET, "").await;
    client.send_text(ask).await;
    assert_eq!(
        client.hear().await,
        limits(json!({ "max_message_bytes": 1_000, "timeout_ms": 45_000 }))
    );
    let client = Client::open(at, "/socket/longpoll?vsn=2.0.0").await;
    let client = Client { path: "/socket/longpoll?vsn=2.0.0".into(), ..client };
    assert_eq!(client.post(ask).await, 200);
    let told: Value = serde_json::from_str(&client.receive(1).await[0]).unwrap();
    assert_eq!(told, limits(json!({ "max_message_bytes": 2_000 })));
}
