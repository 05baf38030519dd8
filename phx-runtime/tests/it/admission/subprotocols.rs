//! `Sec-WebSocket-Protocol`.

use phx_runtime::options::WebSocketOptions;

use crate::{
    admission::server::serve_user,
    support::{
        handshake::{Answer, open},
        logs::Logs,
    },
};

const NAME: &str = "Sec-WebSocket-Protocol";

fn answered(answer: &Answer) -> (u16, Option<&str>) {
    (answer.status, answer.header("sec-websocket-protocol"))
}

#[tokio::test]
async fn the_first_of_the_servers_list_that_is_offered_is_answered() {
    let at = serve_user(WebSocketOptions::new().subprotocols(["foo", "bar"])).await;
    for (offered, expected) in [
        (&[][..], (101, None)),
        (&[(NAME, "foo")], (101, Some("foo"))),
        (&[(NAME, "bar")], (101, Some("bar"))),
        (&[(NAME, "bar, foo")], (101, Some("foo"))),
        (&[(NAME, "baz,bar")], (101, Some("bar"))),
        (&[(NAME, "baz")], (403, None)),
        (&[(NAME, "FOO")], (403, None)),
        (&[(NAME, "")], (403, None)),
        (&[(NAME, "baz"), (NAME, "foo")], (403, None)),
    ] {
        let answer = open(at, "/socket/websocket?vsn=2.0.0", offered).await;
        assert_eq!(answered(&answer), expected, "{offered:?}");
        assert_eq!(answer.body, "");
    }
}

#[tokio::test]
async fn without_a_list_what_is_offered_does_not_matter() {
    let at = serve_user(WebSocketOptions::new()).await;
    let answer = open(at, "/socket/websocket", &[(NAME, "foo")]).await;
    assert_eq!(answered(&answer), (101, None));
}

#[tokio::test]
async fn the_log_of_a_refusal_has_both_lists() {
    let logs = Logs::from("error");
    let at = serve_user(WebSocketOptions::new().subprotocols(["foo", "bar"])).await;
    open(at, "/socket/websocket", &[(NAME, "baz, base64url.bearer.phx.c2VjcmV0")]).await;
    let text = logs.text();
    assert!(text.contains("ERROR") && text.contains("Could not check Websocket subprotocols"));
    assert!(text.contains(r#"offered="baz, base64url.bearer.phx.[FILTERED]""#), "{text}");
    assert!(text.contains(r#"accepted="foo, bar""#), "{text}");
    assert!(!text.contains("c2VjcmV0"));
}
