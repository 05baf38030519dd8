//! The lines of the log.

use phx_runtime::{Endpoint, FilterParameters, LogLevel, Mount, WebSocketOptions, json};

use crate::{
    admission::client::{Client, open},
    admission::server::{User, serve, serve_user},
    support::logs::Logs,
};

const TARGET: &str = "/socket/websocket?vsn=2.0.0";

async fn connect(at: std::net::SocketAddr, query: &str) -> Client {
    open(at, &format!("{TARGET}{query}"), &[]).await.accepted().await
}

/// Whether `text` has `before`, a duration, and `after` behind each other.
fn has_timed(text: &str, before: &str, after: &str) -> bool {
    text.split(before).skip(1).any(|rest| {
        let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let after = |unit: &str| digits.strip_prefix(unit).is_some_and(|it| it.starts_with(after));
        digits.len() < rest.len() && (after("µs") || after("ms"))
    })
}

#[tokio::test]
async fn connections_are_logged_with_transport_serializer_and_parameters() {
    let logs = Logs::from("info");
    let at = serve_user(WebSocketOptions::new()).await;
    connect(at, "&name=Ann&user_token=hunter2").await;
    let text = logs.take();
    let after = "\n  Transport: websocket\n  Serializer: 2.0.0\n  Parameters: {";
    assert!(has_timed(&text, "CONNECTED TO User in ", after), "{text}");
    assert!(text.contains(r#""name":"Ann""#) && text.contains(r#""user_token":"[FILTERED]""#));
    assert!(text.contains(r#"socket="User" transport="websocket" serializer=2.0.0"#), "{text}");
    assert!(!text.contains("hunter2"), "{text}");

    open(at, "/socket/websocket?please=refuse", &[]).await;
    let text = logs.take();
    let after = "\n  Transport: websocket\n  Serializer: 1.0.0\n  Parameters: {";
    assert!(has_timed(&text, "REFUSED CONNECTION TO User in ", after), "{text}");
    assert!(text.contains(r#"reason="not you""#), "{text}");
}

#[tokio::test]
async fn the_level_of_connections_is_an_option() {
    for (level, seen) in [
        (LogLevel::Off, None),
        (LogLevel::Debug, None),
        (LogLevel::Warn, Some(" WARN ")),
        (LogLevel::Error, Some("ERROR ")),
    ] {
        let logs = Logs::from("info");
        let mount = Mount::new("/socket").websocket(WebSocketOptions::new()).log(level);
        let at = serve(Endpoint::builder().socket_at::<User>(mount)).await;
        connect(at, "").await;
        let text = logs.text();
        assert_eq!(text.contains("CONNECTED TO"), seen.is_some(), "{text}");
        assert!(seen.is_none_or(|level| text.contains(level)), "{text}");
    }
}

#[tokio::test]
async fn joins_and_events_are_logged_with_their_parameters() {
    let logs = Logs::from("debug");
    let mut client = connect(serve_user(WebSocketOptions::new()).await, "").await;
    logs.take();
    client.join("room:a", json!({ "password": "hunter2", "as": "Ann" })).await;
    let text = logs.take();
    let parameters = "\n  Parameters: {\"as\":\"Ann\",\"password\":\"[FILTERED]\"}";
    assert!(
        has_timed(&text, "INFO phx_runtime::telemetry: JOINED room:a in ", parameters),
        "{text}"
    );
    assert!(text.contains(r#"topic="room:a" channel="Room""#), "{text}");

    client.ask("room:a", "new_msg", json!({ "password": "hunter2", "as": "Ann" })).await;
    let text = logs.take();
    let line = "DEBUG phx_runtime::telemetry: HANDLED new_msg INCOMING ON room:a (Room) in ";
    assert!(has_timed(&text, line, parameters), "{text}");
    assert!(text.contains(r#"event="new_msg" channel="Room""#), "{text}");

    client.join("room:b", json!({ "refuse": true })).await;
    let text = logs.take();
    assert!(has_timed(&text, "REFUSED JOIN room:b in ", "\n  Parameters: {\"refuse\":true}"));
    assert!(!text.contains(" JOINED"), "{text}");
}

#[tokio::test]
async fn what_fails_is_logged_as_failed_and_not_as_handled() {
    let logs = Logs::from("debug");
    let mut client = connect(serve_user(WebSocketOptions::new()).await, "").await;
    client.join("room:a", json!({ "boom": true })).await;
    let text = logs.take();
    assert!(text.contains("a join failed topic=\"room:a\" fault=\"panicked: told to\""), "{text}");
    assert!(!text.contains("JOIN "), "{text}");

    client.join("room:a", json!({})).await;
    client.ask("room:a", "boom", json!({})).await;
    let text = logs.take();
    assert!(text.contains("a channel failed topic=\"room:a\""), "{text}");
    assert!(!text.contains("HANDLED"), "{text}");
}

#[tokio::test]
async fn the_channels_filter_wins_over_the_sockets_and_that_over_the_endpoints() {
    let logs = Logs::from("debug");
    let plain = Mount::new("/plain").websocket(WebSocketOptions::new());
    let own = Mount::new("/socket").websocket(WebSocketOptions::new());
    let own = own.filter_parameters(FilterParameters::discard(["silver"]));
    let at = serve(
        Endpoint::builder()
            .filter_parameters(FilterParameters::discard(["copper"]))
            .socket_at::<User>(plain)
            .socket_at::<User>(own),
    )
    .await;
    let payload = json!({ "gold": 1, "silver": 2, "copper": 3 });
    let endpoints = r#"{"copper":"[FILTERED]","gold":1,"silver":2}"#;
    let sockets = r#"{"copper":3,"gold":1,"silver":"[FILTERED]"}"#;
    let channels = r#"{"copper":3,"gold":"[FILTERED]","silver":2}"#;
    for (mount, topic, shown) in [
        ("/plain", "room:a", endpoints),
        ("/socket", "room:a", sockets),
        ("/plain", "vault:a", channels),
        ("/socket", "vault:a", channels),
    ] {
        let target = format!("{mount}/websocket?vsn=2.0.0");
        let mut client = open(at, &target, &[]).await.accepted().await;
        client.join(topic, payload.clone()).await;
        client.ask(topic, "event", payload.clone()).await;
        let text = logs.take();
        let (_, join) = text.split_once("JOINED").unwrap();
        let (join, handled) = join.split_once("HANDLED").unwrap();
        assert!(join.contains(shown), "{mount} {topic}: {join}");
        assert!(handled.contains(shown), "{mount} {topic}: {handled}");
    }
    connect(at, "&silver=x&copper=y").await;
    let text = logs.take();
    assert!(text.contains(r#""silver":"[FILTERED]""#) && text.contains(r#""copper":"y""#));
}

#[tokio::test]
async fn each_request_of_a_transport_is_logged_where_that_is_asked_for() {
    let logs = Logs::from("info");
    let at = serve_user(WebSocketOptions::new().transport_log(LogLevel::Info)).await;
    open(at, "/socket/websocket?vsn=9&secret=hunter2", &[]).await;
    let text = logs.take();
    assert!(text.contains("INFO phx_runtime::telemetry: GET /socket/websocket "), "{text}");
    assert!(text.contains(r#"transport="websocket" peer=127.0.0.1:"#), "{text}");
    assert!(!text.contains("hunter2"), "{text}");

    let at = serve_user(WebSocketOptions::new()).await;
    open(at, "/socket/websocket?vsn=2.0.0", &[]).await;
    assert!(!logs.take().contains("GET /socket"));
}

#[tokio::test]
async fn version_mismatches_are_warnings() {
    let logs = Logs::from("warn");
    let at = serve_user(WebSocketOptions::new()).await;
    open(at, "/socket/websocket?vsn=nonsense%0a", &[]).await;
    let text = logs.take();
    let invalid =
        r#"WARN phx_runtime::telemetry: Client sent invalid transport version "nonsense\n""#;
    assert!(text.contains(invalid), "{text}");
    open(at, "/socket/websocket?vsn=123.1.1", &[]).await;
    let text = logs.take();
    assert!(text.contains("\"123.1.1\", and User speaks 1.0.0, 2.0.0"), "{text}");
}

#[tokio::test]
async fn unmatched_topics_are_warnings_that_name_the_socket() {
    let logs = Logs::from("warn");
    let mut client = connect(serve_user(WebSocketOptions::new()).await, "").await;
    client.join("other:a\nb", json!({})).await;
    let text = logs.take();
    let line = r#"WARN phx_runtime::telemetry: Ignoring unmatched topic "other:a\nb" in User"#;
    assert!(text.contains(line), "{text}");
    // An event is not worth a line.
    client.ask("other:a", "event", json!({})).await;
    assert_eq!(logs.take(), "");
}

#[tokio::test]
async fn the_channel_limit_is_an_error_with_limit_and_id() {
    let logs = Logs::from("error");
    let mount = Mount::new("/socket").websocket(WebSocketOptions::new()).max_channels(1);
    let at = serve(Endpoint::builder().socket_at::<User>(mount)).await;
    let mut client = connect(at, "&id=user:7").await;
    client.join("room:a", json!({})).await;
    client.join("room:b", json!({})).await;
    let text = logs.take();
    assert!(text.contains("limit of 1 channels") && text.contains("\"user:7\""), "{text}");
    assert!(text.contains("limit=1 id=\"user:7\" topic=\"room:b\" socket=\"User\""), "{text}");
}

#[tokio::test]
async fn topics_that_begin_with_phoenix_are_never_logged() {
    let logs = Logs::from("trace");
    let mut client = connect(serve_user(WebSocketOptions::new()).await, "").await;
    logs.take();
    client.join("phoenix:a", json!({})).await;
    client.ask("phoenix:a", "event", json!({})).await;
    client.send(&json!([null, "9", "phoenix", "heartbeat", {}])).await;
    client.receive().await;
    let text = logs.take();
    assert!(!text.contains("JOINED") && !text.contains("HANDLED"), "{text}");
    assert!(!text.contains("heartbeat"), "{text}");
}

#[tokio::test]
async fn clients_cannot_write_lines_of_their_own() {
    let logs = Logs::from("debug");
    let mut client = connect(serve_user(WebSocketOptions::new()).await, "&a=%0aFORGED").await;
    client.join("room:\nFORGED", json!({ "a": "\nFORGED" })).await;
    client.ask("room:\nFORGED", "\nFORGED", json!({})).await;
    let text = logs.take();
    assert!(text.contains("FORGED") && !text.contains("\nFORGED"), "{text}");
}

#[tokio::test]
async fn messages_that_reach_nobody_are_logged() {
    let logs = Logs::from("trace");
    let mut client = connect(serve_user(WebSocketOptions::new()).await, "").await;
    client.join("room:a", json!({})).await;
    logs.take();
    // Without a ref there is nobody to answer.
    client.send(&json!(["1", null, "room:a", "nobody", {}])).await;
    client.send(&json!(["0", "2", "room:a", "event", {}])).await;
    client.ask("room:a", "event", json!({})).await;
    let text = logs.take();
    for reason in ["unmatched_event", "earlier_join"] {
        let field = format!("reason=\"{reason}\"");
        assert_eq!(text.matches(&field).count(), 1, "{reason}: {text}");
    }
}
