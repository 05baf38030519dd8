//! The lines of the log.

use phx_runtime::{
    Endpoint, json,
    options::{FilterParameters, LogLevel, Mount, WebSocketOptions},
};

use crate::{
    admission::server::{User, serve, serve_user},
    support::{
        handshake::open,
        logs::Logs,
        raw_client::{RawClient, SOCKET},
    },
};

async fn connect(at: std::net::SocketAddr, query: &str) -> RawClient {
    open(at, &format!("{SOCKET}{query}"), &[]).await.accepted()
}

#[tokio::test]
async fn connections_are_logged_with_transport_serializer_and_parameters() {
    let logs = Logs::from("info");
    let at = serve_user(WebSocketOptions::new()).await;
    connect(at, "&name=Ann&user_token=hunter2&id=user:7").await;
    let text = logs.take();
    let line = r#" INFO phx_runtime::log: CONNECTED socket="User" id="user:7""#;
    assert!(text.starts_with(line), "{text}");
    let fields = r#"transport="websocket" serializer="2.0.0" peer=127.0.0.1:"#;
    assert!(text.contains(fields) && text.contains(" duration_us="), "{text}");
    assert!(text.contains(r#""name":"Ann""#) && text.contains(r#""user_token":"[FILTERED]""#));
    assert!(!text.contains("hunter2"), "{text}");

    open(at, "/socket/websocket?please=refuse", &[]).await;
    let text = logs.take();
    assert!(text.contains(r#"REFUSED CONNECTION socket="User""#), "{text}");
    assert!(text.contains(r#"serializer="1.0.0" peer=127.0.0.1:"#), "{text}");
    assert!(text.contains(r#"reason="not you" params={"please":"refuse"}"#), "{text}");
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
        assert_eq!(text.contains("CONNECTED "), seen.is_some(), "{text}");
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
    let params = r#"params={"as":"Ann","password":"[FILTERED]"}"#;
    let line = r#" INFO phx_runtime::log: JOINED topic="room:a" channel="Room" socket="User""#;
    assert!(text.starts_with(line) && text.contains(params), "{text}");

    client.ask("room:a", "new_msg", json!({ "password": "hunter2", "as": "Ann" })).await;
    let text = logs.take();
    let line = "DEBUG phx_runtime::log: HANDLED ";
    let fields = r#"event="new_msg" topic="room:a" channel="Room" reference="#;
    assert!(text.starts_with(&format!("{line}{fields}")) && text.contains(params), "{text}");

    client.join("room:b", json!({ "refuse": true })).await;
    let text = logs.take();
    let line = r#" INFO phx_runtime::log: REFUSED JOIN topic="room:b" channel="Room""#;
    assert!(text.starts_with(line), "{text}");
    assert!(text.contains(r#"response={"reason":"no"} params={"refuse":true}"#), "{text}");
    assert!(!text.contains(" JOINED"), "{text}");
}

#[tokio::test]
async fn what_fails_is_logged_as_failed_and_not_as_handled() {
    let logs = Logs::from("debug");
    let mut client = connect(serve_user(WebSocketOptions::new()).await, "").await;
    client.join("room:a", json!({ "boom": true })).await;
    let text = logs.take();
    assert!(
        text.contains(r#"a join failed topic="room:a" channel="Room" fault="panicked: told to""#),
        "{text}"
    );
    assert!(!text.contains("JOIN "), "{text}");

    client.join("room:a", json!({})).await;
    client.ask("room:a", "boom", json!({})).await;
    let text = logs.take();
    assert!(
        text.contains(
            r#"a channel failed topic="room:a" channel="Room" callback="handle_in" event="boom""#
        ),
        "{text}"
    );
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
        let mut client = open(at, &target, &[]).await.accepted();
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
    assert!(
        text.contains(r#"INFO phx_runtime::log: REQUEST method="GET" path="/socket/websocket""#),
        "{text}"
    );
    assert!(text.contains(r#"transport="websocket" peer=127.0.0.1:"#), "{text}");
    assert!(!text.contains("hunter2"), "{text}");

    let at = serve_user(WebSocketOptions::new()).await;
    open(at, SOCKET, &[]).await;
    assert!(!logs.take().contains("REQUEST"));
}

#[tokio::test]
async fn version_mismatches_are_warnings() {
    let logs = Logs::from("warn");
    let at = serve_user(WebSocketOptions::new()).await;
    open(at, "/socket/websocket?vsn=nonsense%0a", &[]).await;
    let text = logs.take();
    assert!(text.contains("WARN phx_runtime::log: Client sent invalid transport version"));
    assert!(text.contains(r#"vsn="nonsense\\n" socket="User""#), "{text}");
    open(at, "/socket/websocket?vsn=123.1.1", &[]).await;
    let text = logs.take();
    assert!(text.contains(r#"vsn="123.1.1" offered="1.0.0, 2.0.0" socket="User""#), "{text}");
}

#[tokio::test]
async fn unmatched_topics_are_warnings_that_name_the_socket() {
    let logs = Logs::from("warn");
    let mut client = connect(serve_user(WebSocketOptions::new()).await, "").await;
    client.join("other:a\nb", json!({})).await;
    let text = logs.take();
    let line = "WARN phx_runtime::log: Ignoring unmatched topic";
    assert!(text.contains(line), "{text}");
    assert!(text.contains(r#"topic="other:a\\nb" socket="User""#), "{text}");
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
    assert!(text.contains("has reached its limit of channels"), "{text}");
    assert!(text.contains(r#"topic="room:b" limit=1 socket="User" id="user:7""#), "{text}");
}

#[tokio::test]
async fn topics_that_begin_with_phoenix_are_never_logged() {
    let logs = Logs::from("trace");
    let mut client = connect(serve_user(WebSocketOptions::new()).await, "").await;
    logs.take();
    client.join("phoenix:a", json!({})).await;
    client.ask("phoenix:a", "event", json!({})).await;
    client.say(&json!([null, "9", "phoenix", "heartbeat", {}])).await;
    client.hear().await;
    let text = logs.take();
    assert!(!text.contains("JOINED") && !text.contains("HANDLED"), "{text}");
    assert!(!text.contains("heartbeat"), "{text}");
}

#[tokio::test]
async fn clients_cannot_write_lines_of_their_own_nor_paint_or_turn_round_those_of_others() {
    let logs = Logs::from("trace");
    let bad = "\nFORGED\u{1b}[31m\u{202e}\u{2066}\u{2028}\u{200b}\u{9b}";
    let at = serve_user(WebSocketOptions::new().transport_log(LogLevel::Info)).await;
    let query = "%0aFORGED%1b%5b31m%e2%80%ae";
    let mut client = connect(at, &format!("&a={query}&id=user:{query}")).await;
    let topic = format!("room:{bad}");
    client.join(&topic, json!({ "a": bad, bad: bad })).await;
    client.ask(&topic, bad, json!({ "a": bad })).await;
    client.say(&json!(["1", null, topic, format!("nobody{bad}"), {}])).await;
    client.say(&json!(["0", bad, topic, bad, {}])).await;
    client.join(&topic, json!({ "refuse": bad })).await;
    client.join(&format!("other:{bad}"), json!({})).await;
    client.join(&topic, json!({ "boom": true })).await;
    open(at, &format!("/socket/websocket?vsn={query}"), &[]).await;
    open(at, "/socket/websocket", &[("Origin", "http://a\u{9b}\u{202e}")]).await;
    let text = logs.take();
    assert!(text.matches("FORGED").count() > 10, "{text}");
    assert!(!text.contains("\nFORGED"), "{text}");
    for (c, line) in text.lines().flat_map(|line| line.chars().map(move |c| (c, line))) {
        assert!(!c.is_control() && !bad.contains(c) || c.is_ascii_graphic(), "{c:?} in {line}");
    }
}

#[tokio::test]
async fn a_long_text_of_a_client_does_not_make_a_long_line() {
    let logs = Logs::from("trace");
    let at = serve_user(WebSocketOptions::new()).await;
    let long = "x".repeat(1_000_000);
    let mut client = connect(at, "").await;
    client.join("room:a", json!({ "as": long })).await;
    client.ask("room:a", &long, json!({ &*long: &*long })).await;
    client.say(&json!(["1", long, "room:a", "new_msg", {}])).await;
    client.hear().await;
    client.say(&json!(["1", null, "room:a", long, {}])).await;
    client.join(&long, json!({})).await;
    client.join(&"y".repeat(8000), json!({})).await;
    // Answers to what was sent without waiting for one are read here.
    client.say(&json!([null, "last", "phoenix", "heartbeat", {}])).await;
    while client.hear().await[1] != "last" {}
    open(at, &format!("/socket/websocket?vsn={}", &long[..10_000]), &[]).await;
    open(at, "/socket/websocket", &[("Origin", &long[..10_000])]).await;
    let text = logs.take();
    assert!(text.lines().count() >= 8, "{text}");
    for line in text.lines() {
        assert!(line.len() < 3000, "{} bytes: {line}", line.len());
    }
}

#[tokio::test]
async fn every_value_is_in_its_line_once() {
    let logs = Logs::from("trace");
    let at = serve_user(WebSocketOptions::new().transport_log(LogLevel::Info)).await;
    let mut client = connect(at, "&id=user:7").await;
    client.join("room:lobby", json!({})).await;
    client.ask("room:lobby", "new_msg", json!({})).await;
    client.say(&json!(["1", null, "room:lobby", "nobody", {}])).await;
    client.ask("room:lobby", "boom", json!({})).await;
    client.join("room:full", json!({ "refuse": true })).await;
    client.join("room:down", json!({ "boom": true })).await;
    client.join("other:topic", json!({})).await;
    open(at, "/socket/websocket?please=refuse", &[]).await;
    open(at, "/socket/websocket?please=fail", &[]).await;
    open(at, "/socket/websocket?vsn=123.1.1", &[]).await;
    open(at, "/socket/websocket", &[("Origin", "http://evil.example")]).await;
    let text = logs.take();
    assert!(text.lines().count() >= 12, "{text}");
    for line in text.lines() {
        assert!(line[6..].starts_with("phx_runtime::log: "), "{line}");
        // What clients chose themselves may be in what they sent as well.
        let line = line.split_once("params=").map_or(line, |(before, _)| before);
        let values = line.split('"').skip(1).step_by(2);
        for value in values.filter(|it| it.len() > 3 && !["User", "websocket"].contains(it)) {
            assert_eq!(line.matches(value).count(), 1, "{value} in {line}");
        }
    }
}

#[tokio::test]
async fn messages_that_reach_nobody_are_logged() {
    let logs = Logs::from("trace");
    let mut client = connect(serve_user(WebSocketOptions::new()).await, "").await;
    client.join("room:a", json!({})).await;
    logs.take();
    // Without a ref there is nobody to answer.
    client.say(&json!(["1", null, "room:a", "nobody", {}])).await;
    client.say(&json!(["0", "2", "room:a", "event", {}])).await;
    client.ask("room:a", "event", json!({})).await;
    let text = logs.take();
    for reason in ["unmatched_event", "earlier_join"] {
        let field = format!("reason=\"{reason}\"");
        assert_eq!(text.matches(&field).count(), 1, "{reason}: {text}");
    }
}
