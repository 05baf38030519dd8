//! Channels over long-poll.

use phx_runtime::json;
use serde_json::Value;

use crate::{
    longpoll::sockets::{Fixture, start},
    support::{everybody::EVERYBODY, http_client::Client},
};

/// A client in a room, which broadcasts what it is told.
async fn joined(fixture: &Fixture) -> Client {
    Client::joined(fixture.address, "room:a").await
}

async fn receive(client: &Client, count: usize) -> Vec<Value> {
    let messages = client.receive(count).await;
    messages.iter().map(|message| serde_json::from_str(message).unwrap()).collect()
}

#[tokio::test]
async fn joins_are_answered_and_broadcasts_reach_every_member() {
    let fixture = start().await;
    let (first, second) = (joined(&fixture).await, joined(&fixture).await);
    let batch =
        "[\"1\",\"2\",\"room:a\",\"shout\",{\"a\":1}]\n[null,\"3\",\"phoenix\",\"heartbeat\",{}]";
    assert_eq!(first.post_as("application/x-ndjson", batch).await, 200);
    let shout = json!([null, null, "room:a", "shout", { "a": 1 }]);
    let reply = |join_ref: Value, reference: &str, topic: &str| json!([join_ref, reference, topic, "phx_reply", { "status": "ok", "response": {} }]);
    let expected =
        [shout.clone(), reply("1".into(), "2", "room:a"), reply(Value::Null, "3", "phoenix")];
    assert_eq!(receive(&first, 3).await, expected);
    assert_eq!(receive(&second, 1).await, [shout]);
}

#[tokio::test]
async fn a_malformed_message_leaves_the_channels_joined() {
    let fixture = start().await;
    let client = joined(&fixture).await;
    for body in ["garbage", "", r#"{"a":1}"#] {
        assert_eq!(client.post(body).await, 400, "{body:?}");
    }
    assert_eq!(fixture.endpoint.subscribers("room:a"), 1);
    assert_eq!(client.post(r#"["1","2","room:a","shout",{}]"#).await, 200);
    assert_eq!(receive(&client, 2).await.len(), 2);
}

#[tokio::test]
async fn version_1_may_be_sent_in_batches_too() {
    let fixture = start().await;
    let client = Client::open(fixture.address, "/socket/longpoll").await;
    let join = r#"{"topic":"room:a","event":"phx_join","payload":{},"ref":"1"}"#;
    let batch = format!("{join}\n{}", join.replace("phx_join", "phx_leave"));
    assert_eq!(client.post_as("application/x-ndjson", &batch).await, 200);
    let events: Vec<_> = receive(&client, 3).await.iter().map(|m| m["event"].clone()).collect();
    assert_eq!(events, ["phx_reply", "phx_reply", "phx_close"]);
}

#[tokio::test]
async fn channels_leave_their_topics_when_the_session_ends() {
    let fixture = start().await;
    let client = joined(&fixture).await;
    fixture.endpoint.disconnect(EVERYBODY);
    fixture.endpoint.drain().await;
    assert_eq!(fixture.endpoint.subscribers("room:a"), 0);
    assert_eq!(client.post("[]").await, 410);
}
