//! Clients of older versions, beside those of today.

use serde_json::{Value, json};

use super::{Client, endpoint, ok};
use crate::{Endpoint, message::Reason, serializer::Protocol};

async fn client(endpoint: &Endpoint, protocol: Protocol) -> Client {
    Client::speaking(endpoint, &[], [protocol]).await.unwrap()
}

fn pair(channel: &str, topic: &str, event: &str, message: Value) -> Value {
    json!({ "channel": channel, "topic": topic, "event": event, "message": message })
}

fn object(topic: &str, event: &str, payload: Value) -> Value {
    json!({ "topic": topic, "event": event, "payload": payload })
}

#[tokio::test(start_paused = true)]
async fn a_client_of_0_7_joins_without_a_word_and_talks_with_one_of_today() {
    let (endpoint, ends) = endpoint();
    let mut new = Client::joined(&endpoint, "room:lobby").await;
    let mut old = client(&endpoint, Protocol::v0_7_with([("rooms", "room:")])).await;
    old.send(pair("rooms", "lobby", "echo", json!(1)));
    old.send(pair("rooms", "lobby", "join", json!({})));
    assert_eq!(endpoint.subscribers("room:lobby"), 2);
    old.send(pair("rooms", "lobby", "shout", json!({ "body": "hi" })));
    let shouted = pair("rooms", "lobby", "shouted", json!({ "body": "hi" }));
    assert_eq!(old.recv().await, shouted, "nothing before it, as nothing is answered");
    let shouted = json!([null, null, "room:lobby", "shouted", { "body": "hi" }]);
    assert_eq!(new.recv().await, shouted);
    new.send(json!(["1", "2", "room:lobby", "tell_others", { "n": 1 }]));
    assert_eq!(new.recv().await, ok("1", "2", "room:lobby", &json!({})));
    assert_eq!(old.recv().await, pair("rooms", "lobby", "told", json!({ "n": 1 })));
    old.send(pair("rooms", "lobby", "push_then_reply", json!({ "p": 1 })));
    assert_eq!(old.recv().await, pair("rooms", "lobby", "pushed", json!({ "p": 1 })));
    old.send(pair("rooms", "lobby", "leave", json!({})));
    assert_eq!(old.recv().await, pair("rooms", "lobby", "bye", json!({})), "from `terminate`");
    old.hears_nothing().await;
    assert_eq!(endpoint.subscribers("room:lobby"), 1);
    assert_eq!(*ends.lock(), [("room:lobby".to_owned(), Reason::Left)]);
}

#[tokio::test(start_paused = true)]
async fn a_client_of_0_7_is_denied_without_a_word() {
    let (endpoint, _) = endpoint();
    let mut old = client(&endpoint, Protocol::v0_7()).await;
    old.send(pair("room", "x", "join", json!({ "refuse": "full" })));
    old.send(pair("nobody", "serves", "join", json!({})));
    old.send(pair("nobody", "serves", "leave", json!({})));
    old.send(pair("phoenix", "conn", "heartbeat", json!({ "more": "is ignored" })));
    assert_eq!(old.recv().await, pair("phoenix", "conn", "heartbeat", json!({})));
    old.hears_nothing().await;
    assert_eq!(endpoint.subscribers("phoenix:conn"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_of_0_10_has_one_topic_and_hears_its_heartbeat() {
    let (endpoint, ends) = endpoint();
    let mut old = client(&endpoint, Protocol::v0_10()).await;
    old.send(object("room:a", "join", json!({})));
    old.send(object("phoenix", "heartbeat", json!({})));
    assert_eq!(old.recv().await, object("phoenix", "heartbeat", json!({})));
    endpoint.broadcast("room:a", "news", json!({ "n": 1 }));
    assert_eq!(old.recv().await, object("room:a", "news", json!({ "n": 1 })));
    old.send(object("room:a", "leave", json!({})));
    assert_eq!(old.recv().await, object("room:a", "bye", json!({})), "from `terminate`");
    old.hears_nothing().await;
    assert_eq!(*ends.lock(), [("room:a".to_owned(), Reason::Left)]);
}

#[tokio::test(start_paused = true)]
async fn a_client_of_0_14_finds_the_ref_in_the_payload_of_its_answer() {
    let (endpoint, _) = endpoint();
    let mut old = client(&endpoint, Protocol::v0_14()).await;
    let send = |event: &str, reference: &str| json!({ "topic": "room:a", "event": event, "payload": {}, "ref": reference });
    let heard = |event: &str, payload: Value| json!({ "topic": "room:a", "event": event, "payload": payload, "ref": null });
    let answer = |reference: &str, status: &str, response: Value| json!({ "ref": reference, "status": status, "response": response });
    old.send(send("echo", "0"));
    let unmatched = answer("0", "error", json!({ "reason": "unmatched topic" }));
    assert_eq!(old.recv().await, heard("phx_reply", unmatched));
    for reference in ["1", "2"] {
        old.send(send("phx_join", reference));
        assert_eq!(old.recv().await, heard("phx_reply", answer(reference, "ok", json!({}))));
    }
    old.send(send("panic", "3"));
    assert_eq!(old.recv().await, heard("bye", json!({})));
    assert_eq!(old.recv().await, heard("phx_error", json!({})), "the replaced one ended silently");
}

#[tokio::test(start_paused = true)]
async fn a_client_of_1_3_tells_the_end_of_a_channel_by_the_ref_of_its_join() {
    let (endpoint, _) = endpoint();
    let mut old =
        Client::speaking(&endpoint, &[("vsn", "1.0.0")], [Protocol::v1_3()]).await.unwrap();
    let send = |event: &str, reference: &str| json!({ "topic": "room:a", "event": event, "payload": {}, "ref": reference });
    let ok = json!({ "status": "ok", "response": {} });
    let joined = |reference: &str| json!({ "topic": "room:a", "event": "phx_reply", "payload": ok, "ref": reference });
    old.send(send("phx_join", "1"));
    assert_eq!(old.recv().await, joined("1"));
    old.send(send("phx_join", "2"));
    assert_eq!(old.recv().await, joined("2"));
    assert_eq!(old.recv().await, send("phx_close", "1"), "of the channel that was replaced");
    old.send(send("panic", "3"));
    assert_eq!(old.recv().await["event"], "bye");
    assert_eq!(old.recv().await, send("phx_error", "2"));
    old.send(send("phx_join", "4"));
    assert_eq!(old.recv().await, joined("4"));
    old.send(send("phx_leave", "5"));
    assert_eq!(old.recv().await, joined("5"));
    assert_eq!(old.recv().await, send("phx_close", "4"));
}
