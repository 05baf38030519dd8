//! A client, and what it holds the server to.

use std::{
    collections::{HashMap, HashSet},
    mem,
    pin::Pin,
    sync::{Arc, Mutex, atomic::Ordering},
    task::{Context as Task, Waker},
};

use futures_util::FutureExt;
use phx_runtime::{
    ConnectInfo, Endpoint, Params, Reason, json,
    transport::{CloseCode, Connection, Frame, Outgoing, Text, TransportKind},
};
use serde_json::Value;

use crate::{
    input::{self, JoinRef, Step},
    line::{Line, Wire, Woken, locked},
};

/// How many messages a flood has at most: more than may wait for busy channels. No more wait in front of
/// a server that reads no further.
const FLOOD: usize = 1_500;

/// A client and what the server owes it.
pub struct Client {
    /// None once it has ended.
    serving: Option<Pin<Box<dyn Future<Output = Reason>>>>,
    line: Arc<Mutex<Line>>,
    connection: Connection,
    version_1: bool,
    next_ref: u64,
    /// The `join_ref` of the last join of each topic.
    join_refs: HashMap<&'static str, String>,
    /// How often each ref was answered, and whether it must be.
    asked: HashMap<String, (usize, bool)>,
    /// The refs of leaves. One of a topic that is not joined is answered with the `join_ref` it
    /// has, whatever that once was.
    leaves: HashSet<String>,
    /// Topics and `join_ref`s whose end was announced.
    ended: Vec<(String, String)>,
    closing: bool,
    /// Messages so far.
    sent: usize,
}

impl Client {
    pub fn new(endpoint: &Endpoint, version_1: bool) -> Self {
        let vsn = if version_1 { "1.0.0" } else { "2.0.0" };
        let params: Params = [("vsn", vsn)].into_iter().collect();
        let info = ConnectInfo::new(TransportKind::Custom("fuzz"), params);
        let connected = endpoint.connect("/socket", info).now_or_never().expect("no waiting");
        let admitted = connected.expect("everybody may connect");
        let connection = Connection::new(1 << 20);
        let line = Arc::default();
        let wire = Wire { line: Arc::clone(&line), is_message: false };
        Self {
            serving: Some(Box::pin(admitted.serve(connection.clone(), wire))),
            line,
            connection,
            version_1,
            next_ref: 0,
            join_refs: HashMap::new(),
            asked: HashMap::new(),
            leaves: HashSet::new(),
            ended: Vec::new(),
            closing: false,
            sent: 0,
        }
    }

    fn ask(&mut self, owed: bool) -> String {
        self.next_ref += 1;
        let reference = self.next_ref.to_string();
        self.asked.insert(reference.clone(), (0, owed));
        reference
    }

    fn join_ref(&self, topic: &str, which: &JoinRef) -> Value {
        match which {
            JoinRef::Current => self.join_refs.get(topic).map_or(Value::Null, |r| json!(r)),
            JoinRef::Stale => json!("stale"),
            JoinRef::Null => Value::Null,
        }
    }

    fn send(&mut self, join_ref: &Value, reference: &Value, topic: &str, event: &str, how: u8) {
        let text = if self.version_1 {
            json!({
                "topic": topic, "event": event, "payload": how, "ref": reference,
                "join_ref": join_ref,
            })
        } else {
            json!([join_ref, reference, topic, event, how])
        };
        self.put(Frame::text(text.to_string()), true);
    }

    fn put(&mut self, frame: Frame, is_message: bool) {
        self.sent += 1;
        locked(&self.line).up.push_back((frame, is_message));
    }

    /// Whether it can send more: not while the server reads no further.
    pub fn has_room(&self) -> bool {
        !self.closing && locked(&self.line).up.len() < FLOOD
    }

    pub fn step(&mut self, step: &Step<'_>) {
        match step {
            Step::Join { topic, how } => {
                let topic = input::topic(*topic);
                let reference = self.ask(true);
                self.join_refs.insert(topic, reference.clone());
                self.send(&json!(reference), &json!(reference), topic, "phx_join", how % 6);
            }
            Step::Event { topic, event, join_ref, answered } => {
                let topic = input::topic(*topic);
                let event = input::event(*event);
                let join_ref = self.join_ref(topic, join_ref);
                let reference = if *answered { json!(self.ask(false)) } else { Value::Null };
                self.send(&join_ref, &reference, topic, event, 0);
            }
            Step::Leave { topic, join_ref } => {
                let topic = input::topic(*topic);
                let join_ref = self.join_ref(topic, join_ref);
                let reference = self.ask(false);
                self.leaves.insert(reference.clone());
                self.send(&join_ref, &json!(reference), topic, "phx_leave", 0);
            }
            Step::Heartbeat => {
                let reference = json!(self.ask(true));
                self.send(&Value::Null, &reference, "phoenix", "heartbeat", 0);
            }
            Step::Flood { topic, event, count } => {
                let topic = input::topic(*topic);
                let event = input::event(*event);
                for _ in 0..usize::from(*count) % FLOOD {
                    if !self.has_room() {
                        break;
                    }
                    self.send(&Value::Null, &Value::Null, topic, event, 0);
                }
            }
            // Made-up messages are kept apart from the counted ones by their size.
            Step::Text(text) => {
                self.forget_what_is_owed();
                self.put(Frame::Text(Text::from(*text)), false);
            }
            Step::Binary(bytes) => {
                self.forget_what_is_owed();
                self.put(Frame::binary(bytes.to_vec()), false);
            }
            Step::Close => self.connection.close(CloseCode::NORMAL, Reason::Normal),
            Step::Broadcast { .. } | Step::Open | Step::Disconnect => {}
        }
    }

    /// After a message of unknown content any ref may have been used twice.
    fn forget_what_is_owed(&mut self) {
        self.asked.clear();
        self.ended.clear();
        self.next_ref += 1_000_000;
    }

    /// Lets its task go on for as long as it is woken.
    pub fn poll(&mut self) {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        // Each message leads to a letter and an end at most, and what waited may go on as well.
        let most = 16 + 4 * self.sent;
        let mut turns = 0;
        while let Some(serving) = &mut self.serving {
            turns += 1;
            assert!(turns <= most, "{turns} turns for what was sent");
            if serving.as_mut().poll(&mut Task::from_waker(&waker)).is_ready() {
                self.serving = None;
            }
            let down = mem::take(&mut locked(&self.line).down);
            down.into_iter().for_each(|frame| self.received(frame));
            if !woken.0.swap(false, Ordering::Relaxed) {
                break;
            }
        }
    }

    fn received(&mut self, frame: Outgoing) {
        let text = match frame {
            Outgoing::Frame(Frame::Text(text)) => text,
            Outgoing::Frame(Frame::Binary(bytes)) => {
                assert!(!self.version_1, "no bytes in version 1: {bytes:?}");
                return;
            }
            Outgoing::Close => {
                self.closing = true;
                return;
            }
            other => panic!("nobody sends {other:?}"),
        };
        assert!(!self.closing, "{text} after the close");
        let message: Value = serde_json::from_str(text.as_str()).expect("JSON");
        let field = |index: usize, name: &str| {
            if self.version_1 { message[name].clone() } else { message[index].clone() }
        };
        let (join_ref, reference) = (field(0, "join_ref"), field(1, "ref"));
        let (topic, event) = (field(2, "topic"), field(3, "event"));
        let (topic, event) = (topic.as_str().expect("a topic"), event.as_str().expect("an event"));
        if event == "phx_reply" {
            if let Some((answers, _)) = reference.as_str().and_then(|r| self.asked.get_mut(r)) {
                *answers += 1;
                assert_eq!(*answers, 1, "answered twice: {text}");
            }
            if reference.as_str().is_some_and(|reference| self.leaves.contains(reference)) {
                return;
            }
        }
        // Version 1 names the join only in the announcement of its end.
        let Some(join_ref) = join_ref.as_str() else { return };
        let channel = (topic.to_owned(), join_ref.to_owned());
        assert!(!self.ended.contains(&channel), "after its end: {text}");
        if matches!(event, "phx_close" | "phx_error") {
            self.ended.push(channel);
        }
    }

    pub fn finish(mut self) {
        if !self.closing {
            for (reference, (answers, owed)) in &self.asked {
                assert!(*answers == 1 || !owed, "{reference} was never answered");
            }
        }
        locked(&self.line).is_closed = true;
        self.poll();
        assert!(self.serving.is_none(), "nothing is under way any more");
    }
}
