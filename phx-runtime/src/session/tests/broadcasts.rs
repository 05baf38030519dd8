use serde_json::json;

use super::{Client, endpoint, ok};

#[tokio::test(start_paused = true)]
async fn a_broadcast_reaches_its_sender_before_the_reply_and_everybody_else_once() {
    let (endpoint, _) = endpoint();
    let mut ann = Client::joined(&endpoint, "room:a").await;
    let mut bob = Client::joined(&endpoint, "room:a").await;
    let mut eve = Client::joined(&endpoint, "room:b").await;
    ann.send(json!(["1", "2", "room:a", "shout", { "n": 1 }]));
    let shouted = json!([null, null, "room:a", "shouted", { "n": 1 }]);
    assert_eq!(ann.recv().await, shouted);
    assert_eq!(ann.recv().await, ok("1", "2", "room:a", &json!({})));
    assert_eq!(bob.recv().await, shouted);
    ann.hears_nothing().await;
    bob.hears_nothing().await;
    eve.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn broadcast_from_leaves_the_sender_out() {
    let (endpoint, _) = endpoint();
    let mut ann = Client::joined(&endpoint, "plain:a").await;
    let mut bob = Client::joined(&endpoint, "plain:a").await;
    ann.send(json!(["1", "2", "plain:a", "tell_others", 7]));
    assert_eq!(bob.recv().await, json!([null, null, "plain:a", "told", 7]));
    assert_eq!(ann.recv().await, ok("1", "2", "plain:a", &json!({})));
    ann.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn messages_of_one_sender_keep_their_order_among_those_of_others() {
    let (endpoint, _) = endpoint();
    let mut ann = Client::joined(&endpoint, "plain:a").await;
    let mut bob = Client::joined(&endpoint, "plain:a").await;
    let mut eve = Client::joined(&endpoint, "plain:a").await;
    for n in 0..50 {
        ann.send(json!(["1", null, "plain:a", "cast", { "from": "ann", "n": n }]));
        bob.send(json!(["1", null, "plain:a", "cast", { "from": "bob", "n": n }]));
    }
    for client in [&mut ann, &mut bob, &mut eve] {
        let (mut from_ann, mut from_bob) = (0, 0);
        for _ in 0..100 {
            let message = client.recv().await;
            let next = if message[4]["from"] == "ann" { &mut from_ann } else { &mut from_bob };
            assert_eq!(message[4]["n"], *next);
            *next += 1;
        }
        client.hears_nothing().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_joins_after_a_broadcast_does_not_get_it() {
    let (endpoint, _) = endpoint();
    let mut ann = Client::joined(&endpoint, "plain:a").await;
    let mut bob = Client::new(&endpoint).await;
    // Ann's connection holds her broadcast back until it writes.
    ann.connection.cork();
    ann.send(json!(["1", null, "plain:a", "cast", "first"]));
    bob.send(json!(["1", "1", "plain:a", "phx_join", {}]));
    ann.send(json!(["1", null, "plain:a", "cast", "second"]));
    assert_eq!(ann.recv().await[4], "first");
    assert_eq!(ann.recv().await[4], "second");
    assert_eq!(bob.recv().await[3], "phx_reply");
    assert_eq!(bob.recv().await[4], "second");
}

#[tokio::test(start_paused = true)]
async fn who_left_gets_nothing_of_a_broadcast_that_is_still_on_its_way() {
    let (endpoint, _) = endpoint();
    let mut ann = Client::joined(&endpoint, "plain:a").await;
    let mut bob = Client::joined(&endpoint, "plain:a").await;
    bob.connection.cork();
    bob.send(json!(["1", "2", "plain:a", "shout", {}]));
    ann.send(json!(["1", "2", "plain:a", "phx_leave", {}]));
    assert_eq!(bob.recv().await[3], "shouted");
    assert_eq!(ann.recv().await[3], "phx_reply");
    assert_eq!(ann.recv().await[3], "phx_close");
    ann.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn an_intercepted_event_goes_through_the_channel_after_the_reply() {
    let (endpoint, _) = endpoint();
    let mut ann = Client::joined(&endpoint, "room:a").await;
    let mut bob = Client::joined(&endpoint, "room:a").await;
    ann.send(json!(["1", "2", "room:a", "whisper", 1]));
    assert_eq!(ann.recv().await, ok("1", "2", "room:a", &json!({})));
    let seen = json!(["1", null, "room:a", "secret", { "seen": 1 }]);
    assert_eq!(ann.recv().await, seen);
    assert_eq!(bob.recv().await, seen);
}

#[tokio::test(start_paused = true)]
async fn clients_of_both_versions_get_the_same_broadcast() {
    let (endpoint, _) = endpoint();
    let mut new = Client::joined(&endpoint, "plain:a").await;
    let mut old = Client::with(&endpoint, &[], 100).await.unwrap();
    let join = json!({ "topic": "plain:a", "event": "phx_join", "payload": {}, "ref": "1" });
    old.send(join);
    old.recv().await;
    endpoint.broadcast("plain:a", "news", json!({ "x": 1 }));
    assert_eq!(new.recv().await, json!([null, null, "plain:a", "news", { "x": 1 }]));
    let news = json!({ "topic": "plain:a", "event": "news", "payload": { "x": 1 }, "ref": null });
    assert_eq!(old.recv().await, news);
    endpoint.broadcast("plain:a", "bytes", crate::message::Binary::from(vec![7]));
    let frame = [&[2, 7, 5][..], b"plain:a", b"bytes", &[7]].concat();
    assert_eq!(new.recv().await, json!(frame));
    old.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_channel_hears_other_topics_that_it_subscribed_to_until_it_ends() {
    let (endpoint, _) = endpoint();
    let mut ann = Client::joined(&endpoint, "room:a").await;
    ann.send(json!(["1", "2", "room:a", "listen", { "topic": "prices" }]));
    assert_eq!(ann.recv().await[1], "2");
    endpoint.broadcast("prices", "changed", json!({ "EUR": 1 }));
    assert_eq!(ann.recv().await, json!(["1", null, "room:a", "overheard", { "EUR": 1 }]));
    ann.send(json!(["1", "3", "room:a", "phx_leave", {}]));
    assert_eq!(ann.recv().await[1], "3");
    assert_eq!(endpoint.subscribers("prices"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_has_reached_the_others_when_its_sender_gets_the_reply() {
    let (endpoint, _) = endpoint();
    let mut ann = Client::joined(&endpoint, "plain:a").await;
    let bob = Client::joined(&endpoint, "plain:a").await;
    // As a transport does while it handles what it has read.
    ann.connection.cork();
    for n in 0..3 {
        ann.send(json!(["1", n, "plain:a", "shout", n]));
    }
    assert!(!bob.connection.has_frames());
    assert_eq!(ann.recv().await[3], "shouted");
    let heard = bob.connection.take_frames();
    assert_eq!(heard.len(), 3, "{heard:?}");
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_does_not_wait_for_what_its_senders_client_sent_behind_it() {
    let (endpoint, _) = endpoint();
    let mut ann = Client::joined(&endpoint, "plain:a").await;
    let mut bob = Client::joined(&endpoint, "plain:a").await;
    let mut eve = Client::joined(&endpoint, "plain:a").await;
    // Ann's read is not worked off yet.
    ann.connection.cork();
    ann.send(json!(["1", null, "plain:a", "cast", "first"]));
    bob.send(json!(["1", "2", "plain:a", "shout", "second"]));
    assert_eq!(eve.recv().await[4], "first");
    assert_eq!(eve.recv().await[4], "second");
    ann.send(json!(["1", null, "plain:a", "cast", "third"]));
    endpoint.broadcast("plain:a", "shouted", json!("fourth"));
    assert_eq!(eve.recv().await[4], "third");
    assert_eq!(eve.recv().await[4], "fourth");
    eve.hears_nothing().await;
    for expected in ["first", "second", "third", "fourth"] {
        assert_eq!(ann.recv().await[4], expected);
    }
    ann.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_channel_does_not_intercept_leaves_in_one_piece_before_what_it_does() {
    let (endpoint, _) = endpoint();
    let mut ann = Client::joined(&endpoint, "room:a").await;
    let mut bob = Client::joined(&endpoint, "room:a").await;
    // Too large to be copied behind each other when they are sent one by one.
    let large = "x".repeat(5000);
    ann.connection.cork();
    for event in ["tell_others", "whisper", "tell_others", "whisper", "tell_others"] {
        ann.send(json!(["1", null, "room:a", event, large]));
    }
    ann.connection.take_frames();
    let first = bob.connection.front().unwrap();
    assert!(first.len() > 3 * large.len(), "{} bytes", first.len());
    for event in ["told", "told", "told", "secret", "secret"] {
        assert_eq!(bob.recv().await[3], event);
    }
    bob.hears_nothing().await;
}
