use serde_json::json;

use super::{Client, endpoint, ok, reply};
use crate::transport::RawSocket;

#[tokio::test(start_paused = true)]
async fn a_push_precedes_the_reply_of_its_handler() {
    let (endpoint, _) = endpoint();
    let mut client = Client::joined(&endpoint, "room:a").await;
    client.send(json!(["1", "2", "room:a", "push_then_reply", { "x": 1 }]));
    assert_eq!(client.recv().await, json!(["1", null, "room:a", "pushed", { "x": 1 }]));
    assert_eq!(client.recv().await, ok("1", "2", "room:a", &json!({})));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_event_is_refused_and_the_channel_goes_on() {
    let (endpoint, _) = endpoint();
    let mut client = Client::joined(&endpoint, "room:a").await;
    for event in ["unknown", "phx_reply", "phx_error", "phx_Join", ""] {
        client.send(json!(["1", "2", "room:a", event, {}]));
        let unmatched = json!({ "reason": "unmatched event" });
        assert_eq!(client.recv().await, reply("1", "2", "room:a", "error", &unmatched));
    }
    client.send(json!(["1", "3", "room:a", "echo", [1]]));
    assert_eq!(client.recv().await, ok("1", "3", "room:a", &json!([1])));
}

#[tokio::test(start_paused = true)]
async fn messages_of_another_join_are_dropped_and_those_without_join_ref_taken() {
    let (endpoint, _) = endpoint();
    let mut client = Client::joined(&endpoint, "room:a").await;
    client.send(json!(["0", "2", "room:a", "echo", {}]));
    client.send(json!([1, "3", "room:a", "echo", {}]));
    client.send(json!(["0", "4", "room:a", "phx_leave", {}]));
    client.send(json!([null, "5", "room:a", "echo", {}]));
    assert_eq!(client.recv().await, ok("1", "5", "room:a", &json!({})));
}

#[tokio::test(start_paused = true)]
async fn a_channel_handles_one_message_after_the_other_while_others_go_on() {
    let (endpoint, _) = endpoint();
    let mut client = Client::joined(&endpoint, "room:a").await;
    client.send(json!(["2", "2", "room:b", "phx_join", {}]));
    client.send(json!(["1", "3", "room:a", "slow", { "ms": 200 }]));
    client.send(json!(["1", "4", "room:a", "echo", "second"]));
    client.send(json!(["2", "5", "room:b", "echo", "other"]));
    assert_eq!(client.recv().await, ok("2", "2", "room:b", &json!({})));
    assert_eq!(client.recv().await, ok("2", "5", "room:b", &json!("other")));
    assert_eq!(client.recv().await, ok("1", "3", "room:a", &json!({ "ms": 200 })));
    assert_eq!(client.recv().await, ok("1", "4", "room:a", &json!("second")));
}

#[tokio::test(start_paused = true)]
async fn reading_stops_while_too_much_waits_for_busy_channels() {
    let (endpoint, _) = endpoint();
    let mut client = Client::joined(&endpoint, "room:a").await;
    client.send(json!(["1", "s", "room:a", "slow", { "ms": 200 }]));
    let mut sent = 0;
    while client.socket.is_ready() {
        client.send(json!(["1", sent, "room:a", "echo", {}]));
        sent += 1;
        assert!(sent < 10_000, "the queue has no bound");
    }
    assert_eq!(client.recv().await[1], "s");
    for reference in 0..sent {
        assert_eq!(client.recv().await[1], reference);
    }
    assert!(client.socket.is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_reply_may_come_later_but_not_after_the_channel_has_gone() {
    let (endpoint, _) = endpoint();
    let mut client = Client::joined(&endpoint, "room:a").await;
    client.send(json!(["1", "2", "room:a", "later", {}]));
    client.send(json!(["1", "3", "room:a", "echo", {}]));
    assert_eq!(client.recv().await[1], "3");
    assert_eq!(client.recv().await, ok("1", "2", "room:a", &json!({ "late": true })));
    client.send(json!(["1", "4", "room:a", "later", {}]));
    client.send(json!(["1", "5", "room:a", "phx_leave", {}]));
    assert_eq!(client.recv().await[1], "5");
    assert_eq!(client.recv().await[3], "phx_close");
    assert_eq!(client.recv().await[3], "bye");
    client.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_answers_a_message_without_ref_but_nothing_answers_in_its_place() {
    let (endpoint, _) = endpoint();
    let mut client = Client::joined(&endpoint, "room:a").await;
    client.send(json!(["1", null, "room:a", "echo", 7]));
    let seven = json!({ "status": "ok", "response": 7 });
    assert_eq!(client.recv().await, json!(["1", null, "room:a", "phx_reply", seven]));
    client.send(json!(["1", null, "room:a", "number", "seven"]));
    client.send(json!(["1", null, "room:a", "unknown", {}]));
    client.hears_nothing().await;
    client.send(json!(["1", "2", "room:a", "number", "seven"]));
    assert_eq!(client.recv().await[4]["response"]["reason"], "invalid payload");
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_cannot_be_sent_ends_the_channel_without_a_reply() {
    let (endpoint, _) = endpoint();
    let mut client = Client::joined(&endpoint, "room:a").await;
    client.send(json!(["1", "2", "room:a", "push_too_long", {}]));
    assert_eq!(client.recv().await[3], "bye");
    let crashed = json!({ "reason": "channel_crash" });
    assert_eq!(client.recv().await, json!(["1", "1", "room:a", "phx_error", crashed]));
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_is_answered_whatever_it_carries() {
    let (endpoint, _) = endpoint();
    let mut client = Client::new(&endpoint).await;
    client.send(json!(["9", null, "phoenix", "heartbeat", [1]]));
    let beat = json!({ "status": "ok", "response": {} });
    assert_eq!(client.recv().await, json!([null, null, "phoenix", "phx_reply", beat]));
}
