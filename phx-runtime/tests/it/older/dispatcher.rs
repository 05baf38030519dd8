//! The functions of the old transports, over a dispatcher that owns none.

use phx_runtime::{
    ConnectInfo, Params, Payload, Reason, json,
    serializer::{Message, MessageRef},
    transport::{CloseCode, Dispatched, Dispatcher, TransportKind},
};
use serde_json::Value;

use super::{Fixture, Weather, start};

fn message(topic: &str, event: &str, payload: Value, reference: u64) -> Message {
    Message::new(topic, event, Payload::json(&payload).unwrap())
        .reference(Some(MessageRef::from(reference)))
}

async fn connect(fixture: &Fixture, path: &str, vsn: Option<&str>) -> Dispatcher {
    let params = vsn.map(|vsn| ("vsn", vsn)).into_iter().collect::<Params>();
    let info = ConnectInfo::new(TransportKind::Custom("by hand"), params);
    let admitted = fixture.endpoint.connect(path, info).await.unwrap();
    Dispatcher::new(admitted, 1 << 20).await.unwrap()
}

async fn heard(client: &mut Dispatcher) -> Value {
    serde_json::from_slice(client.next().await.unwrap().as_bytes()).unwrap()
}

fn refused(why: &str) -> Dispatched {
    Dispatched::Refused(Payload::json(&json!({ "reason": why })).unwrap())
}

#[tokio::test]
async fn dispatch_says_what_became_of_a_message() {
    let fixture = start().await;
    let mut client = connect(&fixture, "/socket", Some("2.0.0")).await;
    for (topic, event, payload, expected) in [
        ("phoenix", "heartbeat", json!({}), Dispatched::Answered),
        ("room:a", "echo", json!({}), refused("unmatched topic")),
        ("room:a", "phx_leave", json!({}), Dispatched::Answered),
        ("room:a", "phx_join", json!("no"), refused("closed")),
        ("nobody", "phx_join", json!({}), refused("unmatched topic")),
        ("room:a", "phx_join", json!("later"), Dispatched::Joined),
        ("room:a", "echo", json!(7), Dispatched::Forwarded),
        ("room:a", "phx_leave", json!({}), Dispatched::Forwarded),
        ("room:a", "echo", json!({}), refused("unmatched topic")),
    ] {
        let became = client.dispatch(message(topic, event, payload, 1)).await;
        assert_eq!(became, expected, "{topic} {event}");
        let mut told = heard(&mut client).await;
        while told[3] != "phx_reply" {
            told = heard(&mut client).await;
        }
        let status = if matches!(expected, Dispatched::Refused(_)) { "error" } else { "ok" };
        assert_eq!(told[4]["status"], status, "{topic} {event}");
    }
}

#[tokio::test]
async fn dispatch_info_reaches_every_joined_channel_or_one() {
    let fixture = start().await;
    let mut client = connect(&fixture, "/socket", Some("2.0.0")).await;
    for topic in ["room:a", "room:b"] {
        assert_eq!(
            client.dispatch(message(topic, "phx_join", json!({}), 1)).await,
            Dispatched::Joined
        );
        heard(&mut client).await;
    }
    client.dispatch_info(Weather("rain")).await;
    let mut told = [heard(&mut client).await, heard(&mut client).await];
    told.sort_by_key(|told| told[2].to_string());
    for (told, topic) in told.iter().zip(["room:a", "room:b"]) {
        assert_eq!(
            (&told[2], &told[3], &told[4]),
            (&json!(topic), &json!("weather"), &json!("rain"))
        );
    }
    client.dispatch_info_to("room:b", Weather("sun")).await;
    client.dispatch_info_to("room:nobody", Weather("snow")).await;
    assert_eq!(heard(&mut client).await[4], "sun");
    client.dispatch_info("what nobody takes").await;
    assert_eq!(
        client.dispatch(message("room:a", "echo", json!(1), 2)).await,
        Dispatched::Forwarded
    );
    assert_eq!(heard(&mut client).await[3], "echoed", "nothing before it");
}

#[tokio::test]
async fn dispatch_leave_tells_every_channel_why_and_once() {
    let mut fixture = start().await;
    let mut client = connect(&fixture, "/socket", Some("2.0.0")).await;
    for topic in ["room:a", "room:b"] {
        client.dispatch(message(topic, "phx_join", json!({}), 1)).await;
    }
    assert_eq!(fixture.endpoint.connections(), 1);
    client.dispatch_leave(Reason::Inactive).await;
    let mut left = [fixture.ends.recv().await.unwrap(), fixture.ends.recv().await.unwrap()];
    left.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        left,
        [("room:a".to_owned(), Reason::Inactive), ("room:b".to_owned(), Reason::Inactive)]
    );
    assert!(fixture.ends.try_recv().is_err());
    assert_eq!((fixture.endpoint.connections(), fixture.endpoint.subscribers("room:a")), (0, 0));
}

#[tokio::test]
async fn a_dispatcher_that_is_dropped_loses_its_connection() {
    let mut fixture = start().await;
    let mut client = connect(&fixture, "/socket", Some("2.0.0")).await;
    client.dispatch(message("room:a", "phx_join", json!({}), 1)).await;
    drop(client);
    assert_eq!(fixture.ends.recv().await, Some(("room:a".to_owned(), Reason::Lost)));
    assert_eq!(fixture.endpoint.connections(), 0);
}

#[tokio::test]
async fn a_dispatcher_whose_connection_is_closed_says_so_after_the_last_message() {
    let fixture = start().await;
    let mut client = connect(&fixture, "/socket", Some("2.0.0")).await;
    client.dispatch(message("room:a", "phx_join", json!({}), 1)).await;
    client.connection().close(CloseCode::GOING_AWAY, Reason::Shutdown);
    assert_eq!(heard(&mut client).await[3], "phx_reply");
    assert_eq!(client.next().await, None);
    assert_eq!(client.connection().ending(), Some((CloseCode::GOING_AWAY, Reason::Shutdown)));
}
