//! How connections are refused.

use http::Response;
use phx_runtime::{
    ConnectError, Endpoint,
    options::{CheckOrigin, Mount, WebSocketOptions},
};

use crate::{
    admission::server::{Raw, User, serve, serve_user},
    support::{
        handshake::{open, send},
        logs::Logs,
    },
};

#[tokio::test]
async fn connect_decides_on_status_and_body() {
    let at = serve_user(WebSocketOptions::new()).await;
    let refused = open(at, "/socket/websocket?please=refuse", &[]).await;
    assert_eq!((refused.status, &*refused.body), (403, ""));
    let busy = open(at, "/socket/websocket?please=wait", &[]).await;
    assert_eq!((busy.status, &*busy.body), (429, "Too many requests"));
    assert_eq!(busy.header("content-type"), Some("text/plain; charset=utf-8"));
}

#[tokio::test]
async fn nothing_of_a_failure_leaves_the_server() {
    let logs = Logs::from("error");
    let at = serve(
        Endpoint::builder()
            .socket::<User>()
            .raw_socket::<Raw>(Mount::new("/raw").websocket(WebSocketOptions::new())),
    )
    .await;
    for (target, logged) in [
        ("/socket/websocket?please=fail", r#"connecting failed socket="User""#),
        ("/socket/websocket?please=panic", r#"connecting failed socket="User""#),
        ("/socket/websocket?id=panic", r#"connecting failed socket="User""#),
        ("/raw/websocket?please=panic", r#"connecting failed socket="Raw""#),
    ] {
        let answer = open(at, target, &[]).await;
        assert_eq!((answer.status, &*answer.body), (500, ""), "{target}");
        let text = logs.take();
        assert!(text.contains(logged), "{target}: {text}");
    }
    // And the server goes on.
    assert_eq!(open(at, "/socket/websocket", &[]).await.status, 101);
    assert_eq!(open(at, "/raw/websocket", &[]).await.status, 101);
}

#[tokio::test]
async fn unknown_versions_are_refused() {
    let at = serve_user(WebSocketOptions::new()).await;
    for vsn in ["123.1.1", "2.0", "", "v2.0.0", "2.1.0", "%202.0.0"] {
        let answer = open(at, &format!("/socket/websocket?vsn={vsn}"), &[]).await;
        assert_eq!((answer.status, &*answer.body), (403, ""), "{vsn}");
    }
}

#[tokio::test]
async fn what_is_no_handshake_never_reaches_connect() {
    let logs = Logs::from("debug");
    let at = serve_user(WebSocketOptions::new()).await;
    let plain = send(at, "GET /socket/websocket HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(plain.status, 400);
    assert!(plain.body.contains("connection"), "{}", plain.body);
    let post = "POST /socket/websocket HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    let post = send(at, post).await;
    assert_eq!((post.status, post.header("allow")), (405, Some("GET")));
    let old = "GET /socket/websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Version: 8\r\n\r\n";
    let old = send(at, old).await;
    assert_eq!((old.status, old.header("sec-websocket-version")), (400, Some("13")));
    assert!(!logs.text().contains("CONNECT"), "{}", logs.text());
}

/// Says no in its own way, and stumbles over some.
fn in_our_words(error: &ConnectError) -> Response<String> {
    match &*error.to_string() {
        "rate_limit" => Response::builder()
            .status(429)
            .header("retry-after", "30")
            .body("Later, please".to_owned())
            .unwrap(),
        "unsupported protocol version" => {
            Response::builder().status(101).body(String::new()).unwrap()
        }
        "not you" => panic!("the password is hunter2"),
        _ => error.to_response(),
    }
}

#[tokio::test]
async fn a_mount_may_answer_refused_clients_in_its_own_words() {
    let logs = Logs::from("error");
    let own = WebSocketOptions::new().error_handler(in_our_words);
    let at = serve(
        Endpoint::builder()
            .socket_at::<User>(Mount::new("/own").websocket(own))
            .socket_at::<User>(Mount::new("/plain").websocket(WebSocketOptions::new())),
    )
    .await;
    let busy = open(at, "/own/websocket?please=wait", &[]).await;
    assert_eq!((busy.status, &*busy.body), (429, "Later, please"));
    assert_eq!(busy.header("retry-after"), Some("30"));
    let plain = open(at, "/plain/websocket?please=wait", &[]).await;
    assert_eq!((plain.status, &*plain.body), (429, "Too many requests"));
    assert_eq!(plain.header("retry-after"), Some("2"));
    // A fault stays one, whatever the handler would say.
    let fault = open(at, "/own/websocket?please=fail", &[]).await;
    assert_eq!((fault.status, &*fault.body), (500, ""));
    logs.take();
    for (query, logged) in [
        ("please=refuse", "panicked: the password is hunter2"),
        ("vsn=9.0.0", "it answered with status 101"),
    ] {
        let answer = open(at, &format!("/own/websocket?{query}"), &[]).await;
        assert_eq!((answer.status, &*answer.body), (500, ""), "{query}");
        let text = logs.take();
        assert!(text.contains("an error handler failed") && text.contains(logged), "{text}");
    }
    assert_eq!(open(at, "/own/websocket", &[]).await.status, 101);
}

#[tokio::test]
async fn an_origin_rule_that_panics_allows_nothing() {
    let check = CheckOrigin::with(|_| panic!("the password is hunter2"));
    let at = serve_user(WebSocketOptions::new().check_origin(check)).await;
    let answer = open(at, "/socket/websocket", &[("Origin", "http://a.example")]).await;
    assert_eq!((answer.status, &*answer.body), (403, ""));
    assert_eq!(open(at, "/socket/websocket", &[]).await.status, 101);
}
