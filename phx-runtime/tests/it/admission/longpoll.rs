//! The same rules for long-polling clients.

use std::net::SocketAddr;

use http::Method;
use phx_runtime::{
    Endpoint, json,
    options::{CheckOrigin, LogLevel, LongPollOptions, Mount, SessionOptions},
    session_cookie::Session,
};
use serde_json::Value;

use crate::{
    admission::server::{User, serve},
    support::{
        http_client::{Answer, Client, request, send},
        logs::Logs,
    },
};

async fn serve_user(change: impl FnOnce(LongPollOptions) -> LongPollOptions) -> SocketAddr {
    serve(Endpoint::builder().socket_at::<User>(mount(change(LongPollOptions::new())))).await
}

fn mount(options: LongPollOptions) -> Mount {
    Mount::new("/socket").longpoll(options)
}

async fn get(at: SocketAddr, query: &str, headers: &[(&str, &str)]) -> Answer {
    let target = format!("/socket/longpoll?{query}");
    send(at, request(&Method::GET, &target, headers, "")).await
}

/// What a new session tells its socket.
async fn info(at: SocketAddr, query: &str, headers: &[(&str, &str)]) -> Value {
    let token = get(at, query, headers).await.token();
    let client = Client { address: at, path: "/socket/longpoll".to_owned(), token };
    assert_eq!(client.post(r#"["1","1","room:a","phx_join",{}]"#).await, 200);
    let reply: Value = serde_json::from_str(&client.receive(1).await[0]).unwrap();
    reply[4]["response"].clone()
}

#[tokio::test]
async fn the_token_is_a_header_that_connect_alone_sees() {
    let token = ("X-Phoenix-AuthToken", "secret-token-1");
    let mount = mount(LongPollOptions::new()).auth_token(true);
    let at = serve(Endpoint::builder().socket_at::<User>(mount)).await;
    let seen = info(at, "vsn=2.0.0", &[token, ("X-A", "b")]).await;
    assert_eq!(seen["auth_token"], "secret-token-1");
    assert_eq!(seen["x_headers"], json!([["x-a", "b"]]));
    assert_eq!(info(at, "vsn=2.0.0", &[]).await["auth_token"], json!(null));
    assert_eq!(info(at, "vsn=2.0.0", &[token, token]).await["auth_token"], json!(null));

    let at = serve_user(|options| options).await;
    assert_eq!(info(at, "vsn=2.0.0", &[token]).await["auth_token"], json!(null));
}

#[tokio::test]
async fn a_session_of_the_application_needs_its_csrf_token_too() {
    let options = SessionOptions::new("_app_key");
    let mut session = Session::new();
    session.insert("from_session", "123");
    let token = options.csrf_token(&mut session).unwrap();
    let cookie = options.set_cookie(&session, "at least twenty bytes of secret").unwrap();
    let cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();

    let mount = mount(LongPollOptions::new()).session(options);
    let at = serve(Endpoint::builder().socket_at::<User>(mount)).await;
    let cookies = [("Cookie", &*cookie)];
    let seen = info(at, &format!("vsn=2.0.0&_csrf_token={token}"), &cookies).await;
    assert_eq!(seen["session"]["from_session"], "123");
    assert_eq!(info(at, "vsn=2.0.0", &cookies).await["session"], json!(null));
}

#[tokio::test]
async fn sessions_are_logged_as_connections_are() {
    let logs = Logs::from("info");
    let at = serve_user(|options| options.transport_log(LogLevel::Info)).await;
    get(at, "vsn=2.0.0&password=hunter2", &[]).await;
    let text = logs.take();
    assert!(text.contains(r#"method="GET" path="/socket/longpoll""#), "{text}");
    let fields = r#"transport="longpoll" serializer="2.0.0" peer=127.0.0.1:"#;
    let params = r#"params={"password":"[FILTERED]","vsn":"2.0.0"}"#;
    assert!(text.contains(r#"CONNECTED socket="User""#), "{text}");
    assert!(text.contains(fields) && text.contains(params), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn refusals_are_in_the_body() {
    let check = CheckOrigin::list(["//example.com"]);
    let at = serve_user(|options| options.check_origin(check)).await;
    for (query, headers, status) in [
        ("please=refuse", &[][..], 403),
        ("please=wait", &[], 403),
        ("please=fail", &[], 500),
        ("please=panic", &[], 500),
        ("vsn=3.0.0", &[], 403),
        ("vsn=2.0.0", &[("Origin", "http://evil.example")], 403),
        ("vsn=2.0.0", &[("Origin", "http://example.com")], 410),
    ] {
        let answer = get(at, query, headers).await;
        assert_eq!((answer.http.as_u16(), answer.status()), (200, status), "{query}");
        let body = answer.json().to_string();
        assert!(!body.contains("hunter2") && !body.contains("10.0.0.1"));
    }
    assert_eq!(get(at, "a=%ff", &[]).await.http, 400);
}
