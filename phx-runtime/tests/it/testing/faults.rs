//! Lines that break, fall silent, are slow, and bring things twice.

use std::time::Duration;

use phx_runtime::{
    assert_push, assert_reply, json, refute_push, refute_reply,
    testing::{Ended, ReconnectError},
};
use serde_json::Value;
use tokio::time::Instant;

use super::support::{Doors, client, endpoint, joined, present};

#[tokio::test(start_paused = true)]
async fn a_lost_connection_ends_its_channels_and_comes_back_with_them() {
    let endpoint = endpoint();
    let (_bob, bobs) = joined(&endpoint, "bob").await;
    let mut ann = client(&endpoint, "ann").auth_token("good").connect().await.unwrap();
    let anns = ann.join("room:1", json!({ "since": 7 })).await.unwrap();
    assert_push!(bobs, "presence_diff", { "joins": { "ann": _ } });
    ann.lose().await.unwrap();
    assert_push!(bobs, "presence_diff", { "leaves": { "ann": _ } });
    refute_reply!(anns.push("say", "into the void").await);

    ann.reconnect().await.unwrap();
    assert_eq!(ann.id(), Some("user:ann"));
    assert_eq!(anns.response().decode::<Value>().unwrap(), json!({ "since": 7 }));
    assert_push!(bobs, "presence_diff", { "joins": { "ann": _ } });
    assert_reply!(anns.push("say", "again").await, ok, { "heard": 1 });
    assert_push!(bobs, "said", { "text": "again" });
    assert_push!(anns, "said", { "text": "again" });
}

#[tokio::test(start_paused = true)]
async fn what_was_left_or_closed_is_not_joined_again() {
    let endpoint = endpoint();
    let mut ann = client(&endpoint, "ann").connect().await.unwrap();
    let [kept, left, seen, unseen] = ["room:kept", "room:left", "room:seen", "room:unseen"];
    let kept = ann.join(kept, json!({})).await.unwrap();
    let left = ann.join(left, json!({})).await.unwrap();
    let seen = ann.join(seen, json!({})).await.unwrap();
    let unseen = ann.join(unseen, json!({})).await.unwrap();
    assert_reply!(left.leave().await, ok);
    seen.push("go", json!({})).await;
    assert_eq!(seen.ended().await, Ok(Ended::Closed));
    unseen.push("go", json!({})).await;
    ann.lose().await.unwrap();
    ann.reconnect().await.unwrap();
    for (topic, subscribers) in [(&kept, 1), (&left, 0), (&seen, 0), (&unseen, 0)] {
        assert_eq!(endpoint.subscribers(topic.topic()), subscribers, "{}", topic.topic());
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_not_let_in_again_is_told_by_whom() {
    let endpoint = endpoint();
    let (mut ann, _one) = joined(&endpoint, "ann").await;
    let two = ann.join("room:2", json!({})).await.unwrap();
    endpoint.state::<Doors>().unwrap().close("room:1");
    ann.lose().await.unwrap();
    let Err(ReconnectError::Join { topic, error }) = ann.reconnect().await else {
        panic!("the room is closed")
    };
    assert_eq!((topic, error.reason()), ("room:1".into(), "closed".into()));
    // The others are in.
    assert_reply!(two.push("say", "here").await, ok);
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_there_until_the_server_notices() {
    let endpoint = endpoint();
    let (mut ann, room) = joined(&endpoint, "ann").await;
    assert_push!(room, "presence_diff");
    let began = Instant::now();
    let silence = ann.fall_silent();
    endpoint.broadcast("room:1", "news", json!({ "n": 1 }));
    refute_push!(room, "news");
    refute_reply!(room.push("say", "hello?").await);
    assert_eq!(present(&endpoint), ["ann"]);

    ann.reconnect().await.unwrap();
    assert_eq!(endpoint.subscribers("room:1"), 2);
    assert_push!(room, "presence_diff");
    refute_push!(room, "presence_diff");
    silence.noticed().await.unwrap();
    // The default of the mount's timeout.
    assert!(began.elapsed() >= Duration::from_mins(1));
    assert_eq!(endpoint.subscribers("room:1"), 1);
    assert_push!(room, "presence_diff", { "leaves": { "ann": { "metas": [_] } } });
    assert_eq!(present(&endpoint), ["ann"]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_that_nobody_waits_for_is_noticed_as_well() {
    let endpoint = endpoint();
    let ann = client(&endpoint, "ann").connect().await.unwrap();
    drop(ann.join("room:1", json!({})).await.unwrap());
    let silence = ann.fall_silent();
    ann.close().await;
    assert_eq!(endpoint.subscribers("room:1"), 1);
    silence.noticed().await.unwrap();
    assert_eq!(endpoint.subscribers("room:1"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_slow_line_keeps_the_order() {
    let endpoint = endpoint();
    let (ann, room) = joined(&endpoint, "ann").await;
    ann.set_delay(Duration::from_secs(2));
    let slow = room.push("say", "first").await;
    ann.set_delay(Duration::ZERO);
    let began = Instant::now();
    let second = room.push("say", "second").await;
    assert_reply!(slow, ok, { "heard": 1 });
    assert_reply!(second, ok, { "heard": 2 });
    assert!(began.elapsed() >= Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_repeated_is_heard_twice() {
    let endpoint = endpoint();
    let ann = client(&endpoint, "ann").connect().await.unwrap();
    ann.set_repeated(true);
    let room = ann.join("room:1", json!({})).await.unwrap();
    let said = room.push("say", "twice").await;
    assert_reply!(said, ok, { "heard": 1 });
    assert_reply!(said, ok, { "heard": 2 });
    ann.set_repeated(false);
    assert_reply!(room.push("say", "once").await, ok, { "heard": 3 });
    refute_reply!(said);
}
