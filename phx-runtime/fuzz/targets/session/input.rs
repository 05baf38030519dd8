//! What the fuzzer makes up.

use arbitrary::Arbitrary;

pub const TOPICS: [&str; 5] = ["room:a", "room:b", "room:c", "none", ""];

#[derive(Arbitrary, Debug)]
pub struct Input<'a> {
    pub version_1: [bool; 2],
    pub steps: Vec<(bool, Step<'a>)>,
}

#[derive(Arbitrary, Debug)]
pub enum Step<'a> {
    Join {
        topic: u8,
        how: u8,
    },
    Event {
        topic: u8,
        event: u8,
        join_ref: JoinRef,
        answered: bool,
    },
    Leave {
        topic: u8,
        join_ref: JoinRef,
    },
    Heartbeat,
    /// Many events at once, as long as the socket takes them.
    Flood {
        topic: u8,
        event: u8,
        count: u16,
    },
    Text(&'a str),
    Binary(&'a [u8]),
    Broadcast {
        topic: u8,
        secret: bool,
    },
    /// Lets callbacks go on that took their time.
    Open,
    Close,
    Disconnect,
}

#[derive(Arbitrary, Debug)]
pub enum JoinRef {
    Current,
    Stale,
    Null,
}

const EVENTS: [&str; 15] = [
    "echo",
    "silent",
    "push",
    "shout",
    "tell",
    "later",
    "slow",
    "slow_panic",
    "panic",
    "stop",
    "fail",
    "stop_later",
    "listen",
    "forget",
    "unknown",
];

/// The topic of this number.
pub fn topic(number: u8) -> &'static str {
    TOPICS[usize::from(number) % TOPICS.len()]
}

pub fn event(number: u8) -> &'static str {
    EVENTS[usize::from(number) % EVENTS.len()]
}
