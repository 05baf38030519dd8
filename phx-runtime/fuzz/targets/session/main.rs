//! Two clients of one server in any order of messages, closes and floods, some of the messages
//! invalid.
//!
//! However it goes: every ref is answered at most once, joins and heartbeats exactly once; nothing
//! comes from a channel after its end was announced; the turns of a client are bounded by what was
//! sent; and once the clients are gone no channel, no subscriber and no memory of them is left.

#![no_main]

mod client;
mod input;
mod line;
mod room;

use std::{
    panic, process,
    sync::{LazyLock, atomic::Ordering},
};

use libfuzzer_sys::fuzz_target;
use phx_runtime::{Endpoint, json};
use tokio::runtime::{Builder, Runtime};

use crate::{
    client::Client,
    input::{Input, Step, TOPICS},
    room::{ALIVE, EVERYBODY, User, set_gate},
};

/// Bytes that a conversation may take at its peak: what two clients may have waiting, and their input.
const MOST_BYTES: u64 = 32 << 20;

/// Bytes that may stay afterwards: what threads keep for the next connection.
const KEPT_BYTES: i64 = 1 << 20;

/// Where the deadlines of `terminate` are kept. No time passes here, so none is ever reached.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime"));

fuzz_target!(
    init: {
        // A panic that a handler was told to make is part of the game, any other one is a finding.
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if panic.payload().downcast_ref::<&str>() != Some(&"told to") {
                report(panic);
                process::abort();
            }
        }));
    },
    |input: Input<'_>| {
        let taken = allocation_counter::measure(|| converse(&input));
        assert!(taken.bytes_max < MOST_BYTES, "{taken:?}");
        assert!(taken.bytes_current < KEPT_BYTES, "{taken:?}");
    }
);

fn converse(input: &Input<'_>) {
    let _runtime = RUNTIME.enter();
    let endpoint = Endpoint::builder().socket::<User>().build().expect("an endpoint");
    let mut clients = input.version_1.map(|version_1| Client::new(&endpoint, version_1));
    set_gate(false);
    clients.iter_mut().for_each(Client::poll);
    for (second, step) in input.steps.iter().take(200) {
        let client = &mut clients[usize::from(*second)];
        if client.has_room() {
            client.step(step);
        }
        match step {
            Step::Broadcast { topic, secret } => {
                let event = if *secret { "secret" } else { "news" };
                endpoint.broadcast(input::topic(*topic), event, json!({}));
            }
            Step::Disconnect => endpoint.disconnect(EVERYBODY),
            _ => {}
        }
        set_gate(matches!(step, Step::Open));
        clients.iter_mut().for_each(Client::poll);
    }
    set_gate(true);
    clients.iter_mut().for_each(Client::poll);
    clients.into_iter().for_each(Client::finish);
    for topic in TOPICS.into_iter().chain([EVERYBODY]) {
        assert_eq!(endpoint.subscribers(topic), 0, "somebody is left in {topic}");
    }
    assert_eq!(ALIVE.load(Ordering::Relaxed), 0, "a channel is left");
}
