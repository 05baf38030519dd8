//! Whatever a client sends: no stack, queue or timer whose size it chooses.

use std::{sync::Arc, thread, time::Duration};

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::{Client, User, endpoint, ok, reply};
use crate::{
    channel::SocketState, message::Reason, options::Rate, transport::RawSocket, wire::CloseCode,
};

/// Runs a test on a stack that is an eighth of a worker's: what recurses once for each message of
/// a client overflows it.
fn on_a_small_stack<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    let thread = thread::Builder::new().stack_size(256 * 1024).spawn(|| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().start_paused(true).build().unwrap().block_on(test());
    });
    thread.unwrap().join().unwrap();
}

/// A client with a waiting handler in `room:a` and with 998 messages behind it.
async fn queued(message: impl Fn(usize) -> Value) -> Client {
    let (endpoint, _) = endpoint();
    let mut client = Client::joined(&endpoint, "room:a").await;
    client.send(json!(["1", "slow", "room:a", "slow", { "ms": 100 }]));
    (0..998).for_each(|n| client.send(message(n)));
    assert_eq!(client.recv().await, ok("1", "slow", "room:a", &json!({ "ms": 100 })));
    client
}

#[test]
fn a_thousand_joins_behind_a_waiting_handler_take_no_stack() {
    on_a_small_stack(|| async {
        let mut client = queued(|n| json!([n, n, "room:a", "phx_join", {}])).await;
        let mut joined = 0;
        while joined < 998 {
            let message = client.recv().await;
            if message[3] == "phx_reply" {
                assert_eq!((&message[1], &message[4]["status"]), (&json!(joined), &json!("ok")));
                joined += 1;
            }
        }
        client.send(json!([997, "last", "room:a", "echo", {}]));
        while client.recv().await[1] != "last" {}
    });
}

#[test]
fn whatever_a_client_makes_its_channels_do_in_turn_takes_no_stack() {
    let turns: [&[(&str, &str)]; 6] = [
        &[("phx_join", "{}"), ("phx_leave", "{}")],
        &[("phx_join", r#"{"refuse":"full"}"#)],
        &[("phx_join", "{}"), ("phx_join", r#"{"refuse":"full"}"#)],
        &[("phx_join", r#"{"panic":true}"#), ("phx_join", r#"{"then":true}"#)],
        &[("phx_join", "{}"), ("panic", "{}")],
        &[("phx_join", "{}"), ("stop", "{}")],
    ];
    for turn in turns {
        on_a_small_stack(move || async move {
            let message = |n: usize| {
                let (event, payload) = turn[n % turn.len()];
                let payload: Value = serde_json::from_str(payload).unwrap();
                json!([null, n, "room:a", event, payload])
            };
            let mut client = queued(message).await;
            client.send(json!([null, "last", "phoenix", "heartbeat", {}]));
            while client.recv().await[1] != "last" {}
        });
    }
}

#[test]
fn what_is_nested_deeply_takes_no_stack() {
    on_a_small_stack(|| async {
        let (endpoint, _) = endpoint();
        for (params, before, after) in [
            (&[("vsn", "2.0.0")][..], r#"["1",NEST,"plain:a","EVENT",NEST,NEST"#, "]"),
            (&[], r#"{"topic":"plain:a","event":"EVENT","x":NEST,"ref":NEST,"payload":NEST"#, "}"),
        ] {
            let mut client = Client::with(&endpoint, params, 100).await.unwrap();
            for (event, depth) in [("phx_join", 0), ("tell_others", 100_000), ("x", 100_000)] {
                let nested = format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
                let nested = if depth == 0 { "{}" } else { &nested };
                let text = format!("{before}{after}").replace("EVENT", event);
                client.send_text(&text.replace("NEST", nested));
                assert!(!client.connection.take_frames().is_empty(), "{event} {depth}");
            }
        }
    });
}

/// A client whose channel in `room:a` is busy for a while.
async fn busy(max_queue: usize) -> Client {
    let (endpoint, _) = endpoint();
    let mount = User::mount().max_queue(max_queue);
    let mut client = Client::mounted(&endpoint, &[("vsn", "2.0.0")], mount).await.unwrap();
    client.send(json!(["1", "1", "room:a", "phx_join", {}]));
    assert_eq!(client.recv().await, ok("1", "1", "room:a", &json!({})));
    client.send(json!(["1", "slow", "room:a", "slow", { "ms": 100 }]));
    client
}

#[tokio::test(start_paused = true)]
async fn no_more_bytes_wait_for_a_busy_channel_than_allowed_and_one_message() {
    const QUEUE: usize = 100_000;
    let filler = "x".repeat(10_000);
    for large in [
        format!(r#"["1","f","room:a","echo","{filler}"]"#),
        // A payload keeps the text around it, whatever that is.
        format!(r#"["1","f","room:a","echo",{{}},"{filler}"]"#),
        format!(r#"["1","f","room:a","echo",{{}}{}]"#, " ".repeat(10_000)),
        format!(r#"["1","{filler}","room:a","echo",{{}}]"#),
        format!(r#"["1","f","room:a","{filler}",{{}}]"#),
        format!(r#"["1","f","room:a","phx_leave",{{"x":"{filler}"}}]"#),
    ] {
        let mut client = busy(QUEUE).await;
        let mut sent = 0;
        while client.socket.is_ready() {
            client.send_text(&large);
            sent += large.len();
            assert!(sent < QUEUE + large.len(), "{sent} bytes of {}", &large[..40]);
        }
        assert!(sent >= QUEUE, "only {sent} bytes of {}", &large[..40]);
        assert_eq!(client.recv().await[1], "slow");
        assert!(client.socket.is_ready(), "what was worked off still counts");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_larger_than_what_may_wait_waits_alone() {
    for max_queue in [0, 1000] {
        let mut client = busy(max_queue).await;
        assert!(client.socket.is_ready());
        client.send(json!(["1", "large", "room:a", "echo", "x".repeat(10_000)]));
        assert!(!client.socket.is_ready());
        assert_eq!(client.recv().await[1], "slow");
        assert_eq!(client.recv().await[1], "large");
        assert!(client.socket.is_ready());
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_counted_off_however_its_channel_ends() {
    for end in ["phx_leave", "stop", "fail", "panic_by_hand", "phx_join"] {
        let mut client = busy(1000).await;
        client.send(json!(["1", "end", "room:a", end, {}]));
        client.send(json!(["1", "echo", "room:a", "echo", "x".repeat(1000)]));
        assert!(!client.socket.is_ready());
        client.send(json!([null, "beat", "phoenix", "heartbeat", {}]));
        assert_eq!(client.recv().await[1], "beat");
        assert_eq!(client.recv().await[1], "slow");
        assert!(client.socket.is_ready(), "{end}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_broadcasts_wait_for_busy_channels_than_documented() {
    let (endpoint, _) = endpoint();
    let mut client = Client::new(&endpoint).await;
    for topic in ["room:a", "room:b"] {
        client.send(json!(["1", "1", topic, "phx_join", {}]));
        client.recv().await;
        client.send(json!(["1", "2", topic, "slow", { "ms": 60_000 }]));
    }
    for n in 1..=16_385 {
        assert_eq!(client.closing_code(), None, "after {n}");
        let topic = if n % 2 == 0 { "room:a" } else { "room:b" };
        endpoint.broadcast(topic, "secret", json!(n));
        // The mailbox is emptied all the time.
        assert_eq!(client.recv().now_or_never().filter(|message| !message.is_null()), None);
    }
    assert_eq!(client.closing_code(), Some(CloseCode::TRY_AGAIN));
}

#[tokio::test(start_paused = true)]
async fn a_channel_counts_until_its_terminate_is_through() {
    let (endpoint, ends) = endpoint();
    let mut client = Client::with(&endpoint, &[("vsn", "2.0.0")], 3).await.unwrap();
    let mut answered = Vec::new();
    for n in 0..6 {
        let topic = format!("room:{}", n % 3);
        for event in ["phx_join", "phx_leave"] {
            client.send(json!([n, n, topic, event, { "ending": 2 }]));
            loop {
                let message = client.recv().await;
                if message[3] == "phx_reply" {
                    answered.push(message[4]["response"]["reason"].clone());
                    break;
                }
            }
        }
    }
    let refused = |answer: &&Value| **answer == "too many channels joined";
    assert_eq!(answered.iter().filter(refused).count(), 3, "{answered:?}");
    assert_eq!(ends.lock().len(), 3);
    while tokio::time::timeout(Duration::from_secs(3), client.recv()).await.is_ok() {}
    client.send(json!(["7", "7", "room:a", "phx_join", {}]));
    assert_eq!(client.recv().await, ok("7", "7", "room:a", &json!({})));
}

#[tokio::test(start_paused = true)]
async fn a_terminate_that_hangs_is_abandoned_while_the_connection_lives() {
    let (endpoint, ends) = endpoint();
    let mut client = Client::with(&endpoint, &[("vsn", "2.0.0")], 1).await.unwrap();
    let unused = Arc::strong_count(&ends);
    for (event, last) in [("phx_leave", "bye"), ("stop", "bye"), ("fail", "phx_error")] {
        client.send(json!(["1", "1", "room:a", "phx_join", { "ending": 1_000_000 }]));
        assert_eq!(client.recv().await, ok("1", "1", "room:a", &json!({})));
        assert_eq!(Arc::strong_count(&ends), unused + 1);
        client.send(json!(["1", "2", "room:a", event, {}]));
        let ended = tokio::time::timeout(Duration::from_secs(6), async {
            while client.recv().await[3] != last {}
        });
        ended.await.unwrap();
        client.hears_nothing().await;
        assert_eq!(Arc::strong_count(&ends), unused, "the channel of {event} is kept");
    }
    assert_eq!(ends.lock().len(), 3);
    assert!(matches!(ends.lock()[2], (_, Reason::Failed(_))));
}

#[tokio::test(start_paused = true)]
async fn joining_again_while_too_many_channels_end_is_refused() {
    let (endpoint, _) = endpoint();
    let mut client = Client::with(&endpoint, &[("vsn", "2.0.0")], 1).await.unwrap();
    client.send(json!(["1", "1", "room:a", "phx_join", { "ending": 2 }]));
    assert_eq!(client.recv().await, ok("1", "1", "room:a", &json!({})));
    client.send(json!(["2", "2", "room:a", "phx_join", {}]));
    let full = json!({ "reason": "too many channels joined" });
    assert_eq!(client.recv().await, reply("2", "2", "room:a", "error", &full));
    assert_eq!(client.recv().await, json!(["1", "1", "room:a", "phx_close", {}]));
    client.hears_nothing().await;
    client.send(json!(["3", "3", "room:a", "phx_join", {}]));
    assert_eq!(client.recv().await, ok("3", "3", "room:a", &json!({})));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_comes_too_early_is_answered_with_when_to_send_it_again() {
    let (endpoint, _) = endpoint();
    let mount = User::mount()
        .max_rate(Rate::per_second(10).burst(3))
        .max_event_rate("echo", Rate::per_second(1).burst(1));
    let mut client = Client::mounted(&endpoint, &[("vsn", "2.0.0")], mount).await.unwrap();
    // Joins, leaves and heartbeats do not count.
    client.send(json!(["1", "1", "room:a", "phx_join", {}]));
    assert_eq!(client.recv().await[4]["status"], "ok");
    let limited = |wait: u64| json!({ "reason": "rate limited", "retry_after_ms": wait });
    client.send(json!(["1", "2", "room:a", "echo", { "a": 1 }]));
    assert_eq!(client.recv().await[4]["status"], "ok");
    client.send(json!(["1", "3", "room:a", "echo", { "a": 1 }]));
    assert_eq!(client.recv().await, reply("1", "3", "room:a", "error", &limited(1000)));
    // What was refused for its event did not use up the rest.
    for reference in ["4", "5"] {
        client.send(json!(["1", reference, "room:a", "nothing", {}]));
        assert_eq!(client.recv().await[4]["response"]["reason"], "unmatched event");
    }
    client.send(json!(["1", "6", "room:a", "nothing", {}]));
    assert_eq!(client.recv().await, reply("1", "6", "room:a", "error", &limited(100)));
    // Nobody expects an answer to a message without a ref.
    client.send(json!(["1", null, "room:a", "nothing", {}]));
    client.send(json!([null, "7", "phoenix", "heartbeat", {}]));
    assert_eq!(client.recv().await[1], "7");
    tokio::time::advance(Duration::from_secs(1)).await;
    client.send(json!(["1", "8", "room:a", "echo", { "a": 1 }]));
    assert_eq!(client.recv().await[4]["status"], "ok");
}
