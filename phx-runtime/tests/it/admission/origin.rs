//! Which pages may connect.

use phx_runtime::{
    Endpoint,
    options::{CheckOrigin, Mount, Origin, WebSocketOptions},
};

use crate::{
    admission::server::{User, serve, serve_user},
    support::{handshake::open, logs::Logs},
};

/// Pages that a program shows from its own files.
fn is_file(origin: &Origin) -> bool {
    origin.as_str() == "null" || origin.scheme() == Some("file")
}

#[tokio::test]
async fn the_endpoints_own_pages_may_connect_unless_a_mount_says_otherwise() {
    let mount = |path: &'static str, check: Option<CheckOrigin>| {
        let options = WebSocketOptions::new();
        Mount::new(path).websocket(match check {
            Some(check) => options.check_origin(check),
            None => options,
        })
    };
    let list = CheckOrigin::list(["https://example.com", "//*.wild.com"]);
    let at = serve(
        Endpoint::builder()
            .host("own.host")
            .socket_at::<User>(mount("/own", None))
            .socket_at::<User>(mount("/any", Some(CheckOrigin::ANY)))
            .socket_at::<User>(mount("/list", Some(list)))
            .socket_at::<User>(mount("/request", Some(CheckOrigin::REQUEST)))
            .socket_at::<User>(mount("/files", Some(CheckOrigin::with(is_file)))),
    )
    .await;
    for (path, origin, status) in [
        ("/own", "https://own.host:9999", 101),
        ("/own", "http://my.host", 403),
        ("/own", "null", 403),
        ("/own", "", 403),
        ("/any", "http://whatever.com", 101),
        ("/any", "null", 101),
        ("/list", "https://example.com", 101),
        ("/list", "http://example.com", 403),
        ("/list", "http://a.b.wild.com:99", 101),
        ("/list", "http://notwild.com", 403),
        ("/list", "file://", 403),
        ("/request", "http://my.host", 101),
        ("/request", "https://my.host", 403),
        ("/request", "http://my.host:4000", 403),
        ("/files", "file://", 101),
        ("/files", "null", 101),
        ("/files", "", 403),
        ("/files", "http://my.host", 403),
    ] {
        let target = format!("{path}/websocket");
        let answer = open(at, &target, &[("Origin", origin)]).await;
        assert_eq!((answer.status, &*answer.body), (status, ""), "{path} {origin}");
    }
    for path in ["/own", "/list", "/request", "/files"] {
        assert_eq!(open(at, &format!("{path}/websocket"), &[]).await.status, 101, "{path}");
    }
}

#[tokio::test]
async fn the_log_of_a_refusal_names_the_origin() {
    let logs = Logs::from("error");
    let at = serve_user(WebSocketOptions::new()).await;
    open(at, "/socket/websocket", &[("Origin", "http://evil.example")]).await;
    let text = logs.text();
    assert!(text.contains("ERROR") && text.contains("Could not check origin"), "{text}");
    assert!(text.contains(r#"origin="http://evil.example" path="/socket/websocket""#), "{text}");
    assert!(text.contains("accepted=\"pages under localhost"), "{text}");
    let list = CheckOrigin::list(["HTTPS://Example.com/", "//*.wild.com:8080"]);
    let at = serve_user(WebSocketOptions::new().check_origin(list)).await;
    open(at, "/socket/websocket", &[("Origin", "http://example.com")]).await;
    let text = logs.text();
    assert!(text.contains("accepted=\"https://example.com, //*.wild.com:8080\""), "{text}");
}

#[tokio::test]
async fn the_address_that_a_server_without_a_host_prints_works_in_a_browser() {
    let at = serve_user(WebSocketOptions::new()).await;
    for (host, status) in [
        ("localhost", 101),
        ("127.0.0.1", 101),
        ("[::1]", 101),
        ("app.localhost", 101),
        ("127.0.0.1.evil.example", 403),
        ("10.0.0.1", 403),
    ] {
        let origin = format!("http://{host}:{}", at.port());
        let answer = open(at, "/socket/websocket", &[("Origin", &origin)]).await;
        assert_eq!(answer.status, status, "{host}");
    }
    let named = Endpoint::builder().host("Localhost").socket::<User>();
    let at = serve(named).await;
    for (origin, status) in [("http://localhost:4000", 101), ("http://127.0.0.1:4000", 403)] {
        let answer = open(at, "/socket/websocket", &[("Origin", origin)]).await;
        assert_eq!(answer.status, status, "{origin}");
    }
}
