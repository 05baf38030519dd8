//! Levels of lines, and filters, as the options set them.

use std::time::Duration;

use phx_runtime::{
    options::{Drainer, LogLevel, Mount, WebSocketOptions},
    prelude::*,
};

use crate::{
    admission::server::serve_endpoint,
    support::{
        clock::time_until,
        handshake::open,
        logs::Logs,
        raw_client::{RawClient, SOCKET},
    },
};

struct Levels;

#[socket("/socket", websocket, filter_parameters(keep("room_id")))]
#[channels(Loud, Quiet, Deaf)]
impl Levels {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

struct Loud;

#[channel("loud:*", log_join = "error", log_handle_in = "warn")]
impl Loud {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("event")]
    fn event(&self, payload: Payload) -> Reply {
        Reply::ok(payload)
    }
}

struct Quiet;

#[channel("quiet:*", log_join = false, log_handle_in = false)]
impl Quiet {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("event")]
    fn event(&self, payload: Payload) -> Reply {
        Reply::ok(payload)
    }
}

struct Unheard;

struct Deaf;

/// It says so, and does not.
impl phx_runtime::channel::HandlesInfo<Unheard> for Deaf {}

#[channel("deaf:*", log_join = false)]
impl Deaf {
    #[join]
    fn join() -> Result<Joined<Self>, JoinError> {
        Ok(Joined::new(Self).then(Unheard))
    }
}

async fn serve(change: impl FnOnce(Mount) -> Mount) -> (Endpoint, std::net::SocketAddr) {
    serve_endpoint(Endpoint::builder().socket_with::<Levels>(change)).await
}

async fn connect(at: std::net::SocketAddr) -> RawClient {
    RawClient::connect(at, SOCKET, "").await
}

#[tokio::test]
async fn each_channel_has_its_own_levels() {
    let logs = Logs::from("trace");
    let (_, at) = serve(|mount| mount).await;
    let mut client = connect(at).await;
    logs.take();
    client.join("loud:a", json!({})).await;
    let text = logs.take();
    assert!(text.contains(r#"ERROR phx_runtime::log: JOINED topic="loud:a""#), "{text}");
    client.ask("loud:a", "event", json!({})).await;
    let text = logs.take();
    assert!(
        text.contains(r#" WARN phx_runtime::log: HANDLED event="event" topic="loud:a""#),
        "{text}"
    );
    client.join("quiet:a", json!({})).await;
    client.ask("quiet:a", "event", json!({})).await;
    assert_eq!(logs.take(), "");
}

#[tokio::test]
async fn what_is_not_kept_is_hidden_however_deep_it_lies() {
    let logs = Logs::from("info");
    let (_, at) = serve(|mount| mount).await;
    let client = open(at, "/socket/websocket?vsn=2.0.0&room_id=7&name=Ann", &[]);
    let mut client = client.await.accepted();
    let text = logs.take();
    let shown = r#"{"name":"[FILTERED]","room_id":"7","vsn":"[FILTERED]"}"#;
    assert!(text.contains(shown), "{text}");
    let payload = json!({
        "room_id": { "secret": "kept with its key" },
        "rooms": [{ "room_id": 1, "name": "den" }, 2],
        "room_id_of": 3,
    });
    client.join("loud:a", payload).await;
    let text = logs.take();
    let shown = "params={\"room_id\":{\"secret\":\"kept with its key\"},\
        \"room_id_of\":\"[FILTERED]\",\
        \"rooms\":[{\"name\":\"[FILTERED]\",\"room_id\":1},\"[FILTERED]\"]}";
    assert!(text.contains(shown), "{text}");
}

#[tokio::test]
async fn a_message_that_no_handler_takes_is_named_by_its_type() {
    let logs = Logs::from("warn");
    let (_, at) = serve(|mount| mount).await;
    connect(at).await.join("deaf:a", json!({})).await;
    let text = logs.take();
    let type_name = std::any::type_name::<Unheard>();
    let fields = format!(r#"topic="deaf:a" message_type="{type_name}" channel="Deaf""#);
    assert!(text.contains(&fields) && text.contains(r#"reason="unmatched_info""#), "{text}");
}

#[tokio::test]
async fn draining_is_logged_round_by_round() {
    let drainer = Drainer::new().batch_size(2).batch_interval(Duration::from_millis(1));
    for (log, drain_log, level) in [
        (LogLevel::Info, None, Some(" INFO ")),
        (LogLevel::Warn, None, Some(" WARN ")),
        (LogLevel::Info, Some(LogLevel::Error), Some("ERROR ")),
        (LogLevel::Error, Some(LogLevel::Off), None),
    ] {
        let logs = Logs::from("info");
        let drainer = drainer.clone();
        let drainer = match drain_log {
            Some(level) => drainer.log(level),
            None => drainer,
        };
        let (endpoint, at) = serve(|mount| mount.log(log).drainer(Some(drainer))).await;
        let clients = [connect(at).await, connect(at).await, connect(at).await];
        while endpoint.connections() < clients.len() {
            tokio::task::yield_now().await;
        }
        logs.take();
        let draining = endpoint.clone();
        let draining = tokio::spawn(async move { draining.drain().await });
        let ended = async {
            for mut client in clients {
                client.closed_with().await;
            }
            draining.await.unwrap();
        };
        time_until(ended).await;
        let text = logs.take();
        let Some(level) = level else {
            assert!(!text.contains("DRAINING"), "{text}");
            continue;
        };
        for fields in [
            r#"socket="Levels" mount="/socket" count=2 total=3 round=1 rounds=2 interval_ms=1"#,
            r#"socket="Levels" mount="/socket" count=1 total=3 round=2 rounds=2 interval_ms=1"#,
        ] {
            let line = format!("{level}phx_runtime::log: DRAINING {fields}\n");
            assert!(text.contains(&line), "{line}\nis not in\n{text}");
        }
    }
}

#[tokio::test]
async fn a_mount_without_connections_drains_without_a_word() {
    let logs = Logs::from("trace");
    let (endpoint, _) = serve(|mount| mount.websocket(WebSocketOptions::new())).await;
    endpoint.drain().await;
    assert!(!logs.take().contains("DRAINING"));
}
