use serde_json::{Value, json};

use super::{Client, endpoint, ok, reply};
use crate::{
    transport::Flow,
    wire::{CloseCode, Frame},
};

#[tokio::test(start_paused = true)]
async fn a_join_is_answered_before_anything_else_of_the_channel() {
    let (endpoint, _) = endpoint();
    let mut client = Client::new(&endpoint).await;
    client.send(json!(["11", "1", "room:a", "phx_join", { "then": true }]));
    assert_eq!(client.recv().await, ok("11", "1", "room:a", &json!({})));
    assert_eq!(client.recv().await, json!(["11", null, "room:a", "joined", {}]));
}

#[tokio::test(start_paused = true)]
async fn a_refused_join_leaves_the_topic_unjoined() {
    let (endpoint, _) = endpoint();
    let mut client = Client::new(&endpoint).await;
    client.send(json!(["1", "1", "room:a", "phx_join", { "refuse": "unauthorized" }]));
    let refused = json!({ "reason": "unauthorized" });
    assert_eq!(client.recv().await, reply("1", "1", "room:a", "error", &refused));
    client.send(json!(["1", "2", "room:a", "echo", {}]));
    let unmatched = json!({ "status": "error", "response": { "reason": "unmatched topic" } });
    assert_eq!(client.recv().await, json!([null, "2", "room:a", "phx_reply", unmatched]));
    assert_eq!(endpoint.subscribers("room:a"), 0);
}

#[tokio::test(start_paused = true)]
async fn each_topic_has_its_channel_however_many_a_client_joins() {
    const TOPICS: usize = 30;
    let (endpoint, _) = endpoint();
    let mut client = Client::new(&endpoint).await;
    // Twice, so that it does not matter how many there were before.
    for _ in 0..2 {
        for event in ["phx_join", "echo", "phx_leave"] {
            for topic in (0..TOPICS).map(|n| format!("room:{n}")) {
                client.send(json!(["1", "1", topic, event, {}]));
                assert_eq!(client.recv().await, ok("1", "1", &topic, &json!({})));
                if event == "phx_leave" {
                    assert_eq!(client.recv().await, json!(["1", "1", topic, "phx_close", {}]));
                    assert_eq!(client.recv().await, json!(["1", null, topic, "bye", {}]));
                }
                assert_eq!(endpoint.subscribers(&topic), usize::from(event != "phx_leave"));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_topic_without_a_channel_cannot_be_joined() {
    let (endpoint, _) = endpoint();
    let mut client = Client::new(&endpoint).await;
    client.send(json!(["1", "1", "nowhere", "phx_join", {}]));
    let unmatched = json!({ "status": "error", "response": { "reason": "unmatched topic" } });
    assert_eq!(client.recv().await, json!([null, "1", "nowhere", "phx_reply", unmatched]));
}

#[tokio::test(start_paused = true)]
async fn a_join_that_panics_tells_the_client_only_that_it_crashed() {
    let (endpoint, _) = endpoint();
    let mut client = Client::joined(&endpoint, "room:b").await;
    client.send(json!(["2", "2", "room:a", "phx_join", { "panic": true }]));
    let crashed = json!({ "reason": "join crashed" });
    assert_eq!(client.recv().await, reply("2", "2", "room:a", "error", &crashed));
    client.send(json!(["1", "3", "room:b", "echo", 1]));
    assert_eq!(client.recv().await, ok("1", "3", "room:b", &json!(1)));
}

#[tokio::test(start_paused = true)]
async fn a_slow_join_delays_neither_heartbeats_nor_other_topics() {
    let (endpoint, _) = endpoint();
    let mut client = Client::new(&endpoint).await;
    client.send(json!(["1", "1", "room:slow", "phx_join", { "ms": 500 }]));
    client.send(json!(["1", "2", "room:slow", "echo", "waits"]));
    client.send(json!([null, "3", "phoenix", "heartbeat", {}]));
    client.send(json!(["2", "4", "room:fast", "phx_join", {}]));
    let beat = json!({ "status": "ok", "response": {} });
    assert_eq!(client.recv().await, json!([null, "3", "phoenix", "phx_reply", beat]));
    assert_eq!(client.recv().await, ok("2", "4", "room:fast", &json!({})));
    assert_eq!(client.recv().await, ok("1", "1", "room:slow", &json!({})));
    assert_eq!(client.recv().await, ok("1", "2", "room:slow", &json!("waits")));
}

#[tokio::test(start_paused = true)]
async fn a_second_join_replaces_the_channel() {
    let (endpoint, ends) = endpoint();
    let mut client = Client::joined(&endpoint, "room:a").await;
    client.send(json!(["2", "2", "room:a", "phx_join", { "then": true }]));
    assert_eq!(client.recv().await, ok("2", "2", "room:a", &json!({})));
    assert_eq!(client.recv().await, json!(["1", "1", "room:a", "phx_close", {}]));
    assert_eq!(client.recv().await, json!(["2", null, "room:a", "joined", {}]));
    assert_eq!(*ends.lock(), [("room:a".to_owned(), crate::message::Reason::Replaced)]);
    client.send(json!(["1", "3", "room:a", "echo", "stale"]));
    client.send(json!(["2", "4", "room:a", "shout", 1]));
    assert_eq!(client.recv().await, json!([null, null, "room:a", "shouted", 1]));
    assert_eq!(client.recv().await, ok("2", "4", "room:a", &json!({})));
    client.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_second_join_while_the_first_is_undecided_waits_for_it() {
    let (endpoint, _) = endpoint();
    let mut client = Client::new(&endpoint).await;
    client.send(json!(["1", "1", "room:a", "phx_join", { "ms": 50 }]));
    client.send(json!(["2", "2", "room:a", "phx_join", {}]));
    client.send(json!(["2", "3", "room:a", "echo", "after"]));
    assert_eq!(client.recv().await, ok("1", "1", "room:a", &json!({})));
    assert_eq!(client.recv().await, ok("2", "2", "room:a", &json!({})));
    assert_eq!(client.recv().await, json!(["1", "1", "room:a", "phx_close", {}]));
    assert_eq!(client.recv().await, ok("2", "3", "room:a", &json!("after")));
}

#[tokio::test(start_paused = true)]
async fn a_refused_second_join_ends_the_old_channel_all_the_same() {
    let (endpoint, ends) = endpoint();
    let mut client = Client::joined(&endpoint, "room:a").await;
    client.send(json!(["2", "2", "room:a", "phx_join", { "refuse": "full" }]));
    let full = json!({ "reason": "full" });
    assert_eq!(client.recv().await, reply("2", "2", "room:a", "error", &full));
    assert_eq!(client.recv().await, json!(["1", "1", "room:a", "phx_close", {}]));
    assert_eq!(ends.lock().len(), 1);
    assert_eq!(endpoint.subscribers("room:a"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_busy_channel_that_is_replaced_is_told_once_its_handler_is_through() {
    let (endpoint, ends) = endpoint();
    let mut client = Client::joined(&endpoint, "room:a").await;
    client.send(json!(["1", "2", "room:a", "slow", { "ms": 100 }]));
    client.send(json!(["2", "3", "room:a", "phx_join", {}]));
    // Joins wait their turn in the topic.
    assert_eq!(client.recv().await, ok("1", "2", "room:a", &json!({ "ms": 100 })));
    assert_eq!(client.recv().await, ok("2", "3", "room:a", &json!({})));
    assert_eq!(client.recv().await, json!(["1", "1", "room:a", "phx_close", {}]));
    client.hears_nothing().await;
    assert_eq!(*ends.lock(), [("room:a".to_owned(), crate::message::Reason::Replaced)]);
}

#[tokio::test(start_paused = true)]
async fn a_join_without_join_ref_goes_by_its_ref() {
    let (endpoint, _) = endpoint();
    let mut client = Client::new(&endpoint).await;
    client.send(json!([null, "7", "room:a", "phx_join", {}]));
    let joined = json!({ "status": "ok", "response": {} });
    assert_eq!(client.recv().await, json!([null, "7", "room:a", "phx_reply", joined]));
    client.send(json!([null, "8", "room:a", "push_then_reply", {}]));
    assert_eq!(client.recv().await, json!(["7", null, "room:a", "pushed", {}]));
    assert_eq!(client.recv().await, ok("7", "8", "room:a", &json!({})));
    // The join_ref that was never given matches nothing.
    client.send(json!(["7", "9", "room:a", "echo", {}]));
    client.hears_nothing().await;
    client.send(json!([null, "10", "room:a", "phx_leave", {}]));
    assert_eq!(client.recv().await, ok("7", "10", "room:a", &json!({})));
    assert_eq!(client.recv().await, json!([null, null, "room:a", "phx_close", {}]));
}

#[tokio::test(start_paused = true)]
async fn no_more_channels_than_allowed_can_be_joined_but_one_can_be_joined_again() {
    let (endpoint, _) = endpoint();
    let mut client = Client::with(&endpoint, &[("vsn", "2.0.0")], 1).await.unwrap();
    client.send(json!(["1", "1", "room:a", "phx_join", {}]));
    client.send(json!(["2", "2", "room:b", "phx_join", {}]));
    client.send(json!(["3", "3", "room:a", "phx_join", {}]));
    assert_eq!(client.recv().await, ok("1", "1", "room:a", &json!({})));
    let full = json!({ "reason": "too many channels joined" });
    assert_eq!(client.recv().await, reply("2", "2", "room:b", "error", &full));
    assert_eq!(client.recv().await, ok("3", "3", "room:a", &json!({})));
}

#[tokio::test(start_paused = true)]
async fn version_1_speaks_objects_and_hears_no_join_ref() {
    let (endpoint, _) = endpoint();
    let mut client = Client::with(&endpoint, &[], 100).await.unwrap();
    let join = json!({ "topic": "room:a", "event": "phx_join", "payload": {}, "ref": "1" });
    client.send(join);
    let ok = json!({ "status": "ok", "response": {} });
    let joined = json!({ "topic": "room:a", "event": "phx_reply", "payload": ok, "ref": "1" });
    assert_eq!(client.recv().await, joined);
    let leave = json!({ "topic": "room:a", "event": "phx_leave", "payload": {}, "ref": "2" });
    client.send(leave);
    assert_eq!(client.recv().await["ref"], "2");
    let closed = json!({ "topic": "room:a", "event": "phx_close", "payload": {}, "ref": null });
    assert_eq!(client.recv().await, closed);
    let binary = client.send_frame(Frame::Binary(vec![0, 0, 0, 0, 0].into()));
    assert_eq!(binary, Flow::Malformed(CloseCode::UNSUPPORTED));
}

#[tokio::test(start_paused = true)]
async fn json_in_a_binary_frame_of_version_1_is_json() {
    let (endpoint, _) = endpoint();
    let mut client = Client::with(&endpoint, &[], 100).await.unwrap();
    let join = json!({ "topic": "room:a", "event": "phx_join", "payload": {}, "ref": "1" });
    client.send_frame(Frame::Binary(join.to_string().into()));
    assert_eq!(client.recv().await["payload"]["status"], "ok");
    // Unlike text, nothing has looked at its encoding so far.
    let not_text = b"{\"topic\":\"room:a\",\"event\":\"e\",\"payload\":\"\xff\",\"ref\":\"2\"}";
    let flow = client.send_frame(Frame::Binary(not_text.to_vec().into()));
    assert_eq!(flow, Flow::Malformed(CloseCode::UNSUPPORTED));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_message_ends_the_connection() {
    let (endpoint, _) = endpoint();
    for text in ["", "x", "{}", "[]", "[1,2,3,4,5]", "\u{feff}[]", "[null,null,\"a\",\"b\",{}] x"] {
        let mut client = Client::new(&endpoint).await;
        assert_eq!(client.send_text(text), Flow::Malformed(CloseCode::INTERNAL), "{text:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_that_is_not_spoken_is_refused() {
    let (endpoint, _) = endpoint();
    for vsn in ["3.0.0", "2.1.0", "2", ""] {
        assert!(Client::with(&endpoint, &[("vsn", vsn)], 100).await.is_err(), "{vsn:?}");
    }
    let failed = Client::with(&endpoint, &[("panic", "1")], 100).await.err().unwrap();
    assert!(failed.is_fault());
}

#[tokio::test(start_paused = true)]
async fn refs_come_back_as_they_came() {
    let (endpoint, _) = endpoint();
    let mut client = Client::new(&endpoint).await;
    for reference in [json!(1), json!(1.0), json!({ "a": [null] }), json!("\u{1}ü")] {
        client.send(json!([null, reference, "phoenix", "heartbeat", {}]));
        let answer = client.recv().await;
        assert_eq!(answer[1], reference);
        assert_eq!(answer[0], Value::Null);
    }
}
