//! The token that travels as a subprotocol.

use phx_runtime::{
    Endpoint, json,
    options::{Mount, WebSocketOptions},
};

use crate::{
    admission::server::{User, info, serve},
    support::{handshake::open, logs::Logs},
};

const NAME: &str = "Sec-WebSocket-Protocol";
const SECRET: &str = "base64url.bearer.phx.c2VjcmV0LXRva2VuLTE";

async fn server() -> std::net::SocketAddr {
    let with_foo = WebSocketOptions::new().subprotocols(["foo"]);
    let mount = |path: &'static str| Mount::new(path).websocket(WebSocketOptions::new());
    serve(
        Endpoint::builder()
            .socket_at::<User>(mount("/auth").auth_token(true))
            .socket_at::<User>(Mount::new("/auth_sub").websocket(with_foo).auth_token(true))
            .socket_at::<User>(mount("/plain")),
    )
    .await
}

#[tokio::test]
async fn a_token_that_nobody_takes_is_told_of_once() {
    let logs = Logs::from("warn");
    let at = serve(Endpoint::builder().socket::<User>()).await;
    let offer = [("Sec-WebSocket-Protocol", "phoenix, base64url.bearer.phx.c2VjcmV0")];
    for _ in 0..3 {
        assert_eq!(open(at, "/socket/websocket", &offer).await.status, 101);
    }
    let text = logs.text();
    assert_eq!(text.matches("set `auth_token` of the mount").count(), 1, "{text}");
    assert!(!text.contains("c2VjcmV0"), "{text}");
}

#[tokio::test]
async fn exactly_one_token_that_decodes_is_given_to_connect() {
    let at = server().await;
    for (offered, token) in [
        (format!("phoenix, {SECRET}"), json!("secret-token-1")),
        (format!("{SECRET}, phoenix"), json!("secret-token-1")),
        ("phoenix, base64url.bearer.phx.fn5-Pz8_".to_owned(), json!("~~~???")),
        ("phoenix, base64url.bearer.phx.fn5+Pz8/".to_owned(), json!("~~~???")),
        ("phoenix, base64url.bearer.phx.YQ==".to_owned(), json!("a")),
        ("phoenix, base64url.bearer.phx.".to_owned(), json!("")),
        ("phoenix".to_owned(), json!(null)),
        (format!("phoenix, {SECRET}, {SECRET}"), json!(null)),
        ("phoenix, base64url.bearer.phx.!!!!".to_owned(), json!(null)),
        ("phoenix, base64url.bearer.phx.+//+fn4".to_owned(), json!(null)),
    ] {
        let answer = open(at, "/auth/websocket?vsn=2.0.0", &[(NAME, &offered)]).await;
        assert_eq!(answer.header("sec-websocket-protocol"), Some("phoenix"), "{offered}");
        let reply = answer.accepted().join("room:a", json!({})).await;
        assert_eq!(reply["response"]["auth_token"], token, "{offered}");
    }
    assert_eq!(info(at, "/auth/websocket?vsn=2.0.0", &[]).await["auth_token"], json!(null));
}

#[tokio::test]
async fn the_other_subprotocols_are_chosen_from_as_ever() {
    let at = server().await;
    for (path, offered, status, chosen) in [
        ("/auth", SECRET.to_owned(), 101, None),
        ("/auth", format!("foo, {SECRET}"), 403, None),
        ("/auth_sub", format!("foo, {SECRET}"), 101, Some("foo")),
        ("/auth_sub", format!("phoenix, foo, {SECRET}"), 101, Some("phoenix")),
        ("/plain", format!("phoenix, {SECRET}"), 101, None),
    ] {
        let target = format!("{path}/websocket?vsn=2.0.0");
        let answer = open(at, &target, &[(NAME, &offered)]).await;
        assert_eq!(answer.status, status, "{path} {offered}");
        assert_eq!(answer.header("sec-websocket-protocol"), chosen, "{path} {offered}");
    }
}

#[tokio::test]
async fn the_token_is_nowhere_else_in_what_connect_sees() {
    let at = server().await;
    let offered = format!("phoenix, {SECRET}");
    let seen = info(at, "/auth/websocket?vsn=2.0.0", &[(NAME, &offered)]).await;
    assert!(!seen["debug"].as_str().unwrap().contains("secret-token"));
    let headers = seen["sec_websocket_headers"].as_array().unwrap();
    assert!(headers.contains(&json!(["sec-websocket-protocol", "phoenix"])), "{headers:?}");
}

#[tokio::test]
async fn on_other_mounts_it_means_nothing() {
    let at = server().await;
    let offered = format!("phoenix, {SECRET}");
    let seen = info(at, "/plain/websocket?vsn=2.0.0", &[(NAME, &offered)]).await;
    assert_eq!(seen["auth_token"], json!(null));
    let headers = seen["sec_websocket_headers"].as_array().unwrap();
    assert!(headers.contains(&json!(["sec-websocket-protocol", offered])), "{headers:?}");
}
