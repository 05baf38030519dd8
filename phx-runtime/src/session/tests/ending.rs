use serde_json::{Value, json};

use super::{Client, endpoint, ok};
use crate::{message::Reason, transport::RawSocket, wire::CloseCode};

fn closed(event: &str) -> Value {
    let payload =
        if event == "phx_error" { json!({ "reason": "channel_crash" }) } else { json!({}) };
    json!(["1", "1", "room:a", event, payload])
}

fn bye() -> Value {
    json!(["1", null, "room:a", "bye", {}])
}

#[tokio::test(start_paused = true)]
async fn leaving_is_answered_then_closed_then_terminated() {
    let (endpoint, ends) = endpoint();
    let mut client = Client::joined(&endpoint, "room:a").await;
    client.send(json!(["1", "2", "room:a", "phx_leave", {}]));
    assert_eq!(client.recv().await, ok("1", "2", "room:a", &json!({})));
    assert_eq!(client.recv().await, closed("phx_close"));
    assert_eq!(client.recv().await, bye());
    assert_eq!(*ends.lock(), [("room:a".to_owned(), Reason::Left)]);
    assert_eq!(endpoint.subscribers("room:a"), 0);
    client.send(json!(["1", "3", "room:a", "phx_leave", {}]));
    assert_eq!(client.recv().await, ok("1", "3", "room:a", &json!({})));
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_failure_ends_one_channel_and_terminates_it_first() {
    let (endpoint, ends) = endpoint();
    for event in ["panic", "panic_later", "fault", "fail"] {
        ends.lock().clear();
        let mut client = Client::joined(&endpoint, "room:a").await;
        client.send(json!(["2", "2", "room:b", "phx_join", {}]));
        assert_eq!(client.recv().await[1], "2");
        client.send(json!(["1", "3", "room:a", event, {}]));
        assert_eq!(client.recv().await, bye(), "{event}");
        assert_eq!(client.recv().await, closed("phx_error"), "{event}");
        assert!(matches!(&ends.lock()[..], [(_, Reason::Failed(_))]), "{event}");
        client.send(json!(["2", "4", "room:b", "echo", {}]));
        assert_eq!(client.recv().await, ok("2", "4", "room:b", &json!({})));
        client.send(json!(["5", "5", "room:a", "phx_join", {}]));
        assert_eq!(client.recv().await, ok("5", "5", "room:a", &json!({})));
    }
}

#[tokio::test(start_paused = true)]
async fn a_hand_written_channel_that_panics_is_lost_without_its_terminate() {
    let (endpoint, ends) = endpoint();
    let mut client = Client::joined(&endpoint, "room:a").await;
    client.send(json!(["1", "2", "room:a", "panic_by_hand", {}]));
    assert_eq!(client.recv().await, closed("phx_error"));
    assert!(ends.lock().is_empty());
    assert_eq!(endpoint.subscribers("room:a"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stop_with_a_reply_replies_first() {
    let (endpoint, _) = endpoint();
    let mut client = Client::joined(&endpoint, "room:a").await;
    client.send(json!(["1", "2", "room:a", "stop", {}]));
    assert_eq!(client.recv().await, ok("1", "2", "room:a", &json!("bye")));
    assert_eq!(client.recv().await, closed("phx_close"));
    assert_eq!(client.recv().await, bye());
}

#[tokio::test(start_paused = true)]
async fn what_waits_behind_a_leave_finds_the_topic_unjoined() {
    let (endpoint, _) = endpoint();
    let mut client = Client::joined(&endpoint, "room:a").await;
    client.send(json!(["1", "2", "room:a", "slow", { "ms": 10 }]));
    client.send(json!(["1", "3", "room:a", "phx_leave", {}]));
    client.send(json!(["1", "4", "room:a", "echo", {}]));
    client.send(json!(["5", "5", "room:a", "phx_join", {}]));
    let mut events = Vec::new();
    for _ in 0..6 {
        let message = client.recv().await;
        events.push((message[1].clone(), message[3].clone()));
    }
    let expected = [
        (json!("2"), "phx_reply"),
        (json!("3"), "phx_reply"),
        (json!("1"), "phx_close"),
        (json!(null), "bye"),
        (json!("4"), "phx_reply"),
        (json!("5"), "phx_reply"),
    ];
    assert_eq!(events, expected.map(|(reference, event)| (reference, json!(event))));
}

#[tokio::test(start_paused = true)]
async fn all_channels_are_terminated_with_the_connection_and_send_nothing() {
    let (endpoint, ends) = endpoint();
    let mut client = Client::joined(&endpoint, "room:a").await;
    client.send(json!(["2", "2", "room:b", "phx_join", {}]));
    client.send(json!(["3", "3", "room:c", "phx_join", { "ms": 60_000 }]));
    client.send(json!(["1", "4", "room:a", "slow", { "ms": 100 }]));
    assert_eq!(client.recv().await[1], "2");
    let Client { mut socket, connection, .. } = client;
    socket.terminate(Reason::Closed, &connection).await;
    let mut ended = ends.lock().clone();
    ended.sort_by(|a, b| a.0.cmp(&b.0));
    let closed = |topic: &str| (topic.to_owned(), Reason::Closed);
    assert_eq!(ended, [closed("room:a"), closed("room:b")]);
    for topic in ["room:a", "room:b", "room:c"] {
        assert_eq!(endpoint.subscribers(topic), 0);
    }
    let nothing = connection.poll_frames(&std::task::Context::from_waker(std::task::Waker::noop()));
    assert!(nothing.is_pending());
}

#[tokio::test(start_paused = true)]
async fn disconnecting_an_id_closes_its_connections_alone() {
    let (endpoint, _) = endpoint();
    let params = |id| [("vsn", "2.0.0"), ("id", id)];
    let mut ann = Client::with(&endpoint, &params("ann"), 100).await.unwrap();
    let mut bob = Client::with(&endpoint, &params("bob"), 100).await.unwrap();
    endpoint.broadcast("user:ann", "other", json!({}));
    endpoint.disconnect("user:ann");
    assert_eq!(ann.recv().await, Value::Null);
    assert_eq!(ann.closing_code(), Some(CloseCode::GOING_AWAY));
    bob.hears_nothing().await;
    assert_eq!(bob.closing_code(), None);
}
