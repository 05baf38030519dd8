//! Clients that send anything, and as much as they are let: what the fuzz target `session` looks for,
//! tried with every change.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Client, endpoint};
use crate::{message::Reason, transport::RawSocket};

const TOPICS: [&str; 4] = ["room:a", "room:b", "plain:a", "none"];

const EVENTS: [&str; 12] = [
    "echo",
    "push_then_reply",
    "shout",
    "whisper",
    "later",
    "slow",
    "panic",
    "panic_later",
    "fault",
    "stop",
    "fail",
    "unknown",
];

/// How many messages a flood has at most: more than may wait for busy channels.
const FLOOD: usize = 1_500;

/// What a client does. Numbers are places in the lists above.
#[derive(Clone, Debug)]
enum Step {
    Join(usize),
    Event(usize, usize),
    Leave(usize),
    Heartbeat,
    /// Many events at once, as long as the socket takes them.
    Flood(usize, usize, usize),
    /// Hears what the server has to say.
    Hear,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (topic, event) = (0..TOPICS.len(), 0..EVENTS.len());
    let step = prop_oneof![
        topic.clone().prop_map(Step::Join),
        (topic.clone(), event.clone()).prop_map(|(topic, event)| Step::Event(topic, event)),
        topic.clone().prop_map(Step::Leave),
        Just(Step::Heartbeat),
        (topic, event, 0..FLOOD).prop_map(|(topic, event, count)| Step::Flood(topic, event, count)),
        Just(Step::Hear),
    ];
    prop::collection::vec(step, 0..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_a_client_sends_is_answered_once_and_nothing_is_left_of_it(steps in steps()) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(converse(&steps));
    }
}

async fn converse(steps: &[Step]) {
    let (endpoint, _ends) = endpoint();
    let mut peer = Peer {
        client: Client::new(&endpoint).await,
        last_ref: 0,
        join_refs: HashMap::new(),
        asked: HashMap::new(),
        leaves: HashSet::new(),
        ended: HashSet::new(),
    };
    for step in steps {
        // A transport hands nothing over before.
        if !peer.client.socket.is_ready() {
            peer.hear().await;
        }
        peer.take(step).await;
    }
    peer.hear().await;
    for (reference, (answers, owed)) in &peer.asked {
        assert!(*answers == 1 || !owed, "{reference} was never answered");
    }
    let connection = peer.client.connection.clone();
    peer.client.socket.terminate(Reason::Closed, &connection).await;
    for topic in TOPICS {
        assert_eq!(endpoint.subscribers(topic), 0, "{topic}");
    }
}

/// A client, and what the server owes it.
struct Peer {
    client: Client,
    last_ref: u64,
    /// The `join_ref` of the last join of each topic.
    join_refs: HashMap<&'static str, String>,
    /// How often each ref was answered, and whether it must be.
    asked: HashMap<String, (usize, bool)>,
    /// The refs of leaves. One of a topic that is not joined is answered with the `join_ref` it has,
    /// whatever that once was.
    leaves: HashSet<String>,
    /// Topics and `join_ref`s whose end was announced.
    ended: HashSet<(String, String)>,
}

impl Peer {
    async fn take(&mut self, step: &Step) {
        match *step {
            Step::Join(topic) => {
                let reference = self.ask(true);
                self.join_refs.insert(TOPICS[topic], reference.clone());
                self.client.send(json!([reference, reference, TOPICS[topic], "phx_join", {}]));
            }
            Step::Event(topic, event) => {
                let reference = self.ask(false);
                self.send(TOPICS[topic], EVENTS[event], Some(reference));
            }
            Step::Leave(topic) => {
                let reference = self.ask(false);
                self.leaves.insert(reference.clone());
                self.send(TOPICS[topic], "phx_leave", Some(reference));
            }
            Step::Heartbeat => {
                let reference = self.ask(true);
                self.client.send(json!([null, reference, "phoenix", "heartbeat", {}]));
            }
            Step::Flood(topic, event, count) => {
                for _ in 0..count {
                    if !self.client.socket.is_ready() {
                        break;
                    }
                    self.send(TOPICS[topic], EVENTS[event], None);
                }
            }
            Step::Hear => self.hear().await,
        }
    }

    fn ask(&mut self, owed: bool) -> String {
        self.last_ref += 1;
        let reference = self.last_ref.to_string();
        self.asked.insert(reference.clone(), (0, owed));
        reference
    }

    fn send(&mut self, topic: &str, event: &str, reference: Option<String>) {
        let join_ref = self.join_refs.get(topic);
        self.client.send(json!([join_ref, reference, topic, event, { "ms": 10 }]));
    }

    /// Hears the server out.
    async fn hear(&mut self) {
        while let Ok(message) = timeout(Duration::from_secs(100), self.client.recv()).await {
            if message.is_null() {
                return;
            }
            self.received(&message);
        }
    }

    fn received(&mut self, message: &Value) {
        let text = |field: usize| message[field].as_str();
        let (topic, event) = (text(2).expect("a topic"), text(3).expect("an event"));
        if let Some(reference) = text(1).filter(|_| event == "phx_reply") {
            let (answers, _) = self.asked.get_mut(reference).expect("a ref of ours");
            *answers += 1;
            assert_eq!(*answers, 1, "answered twice: {message}");
            if self.leaves.contains(reference) {
                return;
            }
        }
        // What `terminate` pushes comes last of all.
        let Some(join_ref) = text(0).filter(|_| event != "bye") else { return };
        let channel = (topic.to_owned(), join_ref.to_owned());
        assert!(!self.ended.contains(&channel), "after its end: {message}");
        if matches!(event, "phx_close" | "phx_error") {
            self.ended.insert(channel);
        }
    }
}
