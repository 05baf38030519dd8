//! Whatever a client sends: no stack, queue or timer whose size it chooses.

use std::thread;

use serde_json::{Value, json};

use super::{Client, endpoint, ok};

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
