//! Two clients of one server in any order of messages, closes and floods, some of the messages
//! invalid.
//!
//! However it goes: every ref is answered at most once, joins and heartbeats exactly once; nothing
//! comes from a channel after its end was announced; the turns of a client are bounded by what was
//! sent; and once the clients are gone no channel, no subscriber and no memory of them is left.

#![no_main]

use std::{
    collections::{HashMap, HashSet, VecDeque},
    io, mem, panic,
    pin::Pin,
    process,
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context as Task, Poll, Wake, Waker},
};

use arbitrary::Arbitrary;
use futures_util::FutureExt;
use libfuzzer_sys::fuzz_target;
use phx_runtime::{
    ConnectError, ConnectInfo, Endpoint, JoinError, Joined, Next, Params, Payload, Reason, Reply,
    ReplyRef,
    channel::{Channel, Context, FromEvent, Handling, Info, Join, JoinContext, Pattern, Route},
    json,
    options::{Mount, WebSocketOptions},
    socket::{ConnectContext, SocketState},
    transport::{
        CloseCode, Connection, Frame, Outcome, Outgoing, Received, Text, Transport, TransportKind,
    },
};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

const TOPICS: [&str; 5] = ["room:a", "room:b", "room:c", "none", ""];

/// How many channels a client may have: fewer than there are topics.
const MAX_CHANNELS: usize = 2;

/// Whether callbacks that take their time may end.
static GATE: AtomicBool = AtomicBool::new(false);

/// Those that wait for it.
static AT_GATE: Mutex<Vec<Waker>> = Mutex::new(Vec::new());

/// How many messages a flood has at most: more than may wait for busy channels. No more wait in front of
/// a server that reads no further.
const FLOOD: usize = 1_500;

/// Bytes that a conversation may take at its peak: what two clients may have waiting, and their input.
const MOST_BYTES: u64 = 32 << 20;

/// Bytes that may stay afterwards: what threads keep for the next connection.
const KEPT_BYTES: i64 = 1 << 20;

/// Channels that are alive.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// Where the deadlines of `terminate` are kept. No time passes here, so none is ever reached.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime"));

/// Waits for the gate.
struct AtGate;

impl Future for AtGate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<()> {
        if GATE.load(Ordering::Relaxed) {
            return Poll::Ready(());
        }
        locked(&AT_GATE).push(task.waker().clone());
        Poll::Pending
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn set_gate(is_open: bool) {
    GATE.store(is_open, Ordering::Relaxed);
    if is_open {
        mem::take(&mut *locked(&AT_GATE)).into_iter().for_each(Waker::wake);
    }
}

struct User;

impl SocketState for User {
    fn mount() -> Mount {
        Mount::new("/socket").websocket(WebSocketOptions::new()).max_channels(MAX_CHANNELS)
    }

    async fn connect(_: ConnectContext) -> Result<Self, ConnectError> {
        Ok(Self)
    }

    fn id(&self) -> Option<String> {
        Some("everybody".to_owned())
    }

    fn channels() -> Vec<Route<Self>> {
        vec![Route::of::<Room>()]
    }
}

struct Room {
    /// Whether `terminate` takes its time.
    ends_slowly: bool,
}

impl Room {
    fn new(ends_slowly: bool) -> Self {
        ALIVE.fetch_add(1, Ordering::Relaxed);
        Self { ends_slowly }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the room sends to itself.
enum Note {
    Answer(ReplyRef),
    Stop,
}

impl Channel for Room {
    const PATTERNS: &'static [Pattern] = &[Pattern::new("room:*")];
    const INTERCEPTS: &'static [&'static str] = &["secret"];

    fn handle_in(self: Box<Self>, payload: Payload, cx: Context) -> Handling {
        let socket = cx.socket().clone();
        let reply = match cx.event().as_str() {
            "echo" => Reply::ok(payload),
            "silent" => Reply::none(),
            "push" => {
                socket.push("pushed", payload);
                Reply::none()
            }
            "shout" => {
                socket.broadcast("shouted", payload);
                Reply::ack()
            }
            "tell" => {
                socket.broadcast_from("secret", payload);
                Reply::none()
            }
            "later" => {
                if let Ok(Some(reply)) = Option::<ReplyRef>::from_event(&cx) {
                    socket.notify(Note::Answer(reply));
                }
                Reply::none()
            }
            "slow" => {
                return Handling::later(self, |_| {
                    Box::pin(async {
                        AtGate.await;
                        Reply::ok(payload)
                    })
                });
            }
            "slow_panic" => {
                return Handling::later(self, |_| {
                    Box::pin(AtGate.map(|()| -> Reply { panic!("told to") }))
                });
            }
            "panic" => panic!("told to"),
            "stop" => Reply::ack().and_stop(Reason::Normal),
            "fail" => Reply::stop(Reason::failed("told to")),
            "stop_later" => {
                socket.notify(Note::Stop);
                Reply::ack()
            }
            "listen" => {
                socket.subscribe("room:a");
                Reply::ack()
            }
            "forget" => {
                socket.unsubscribe("room:a");
                Reply::ack()
            }
            _ => return Handling::unmatched_event(self, &cx),
        };
        Handling::done(self, reply)
    }

    fn handle_info(self: Box<Self>, message: Info, cx: Context) -> Handling<Next> {
        let message = match message.take::<Note>() {
            Ok(Note::Answer(reply)) => {
                reply.ok(json!({}));
                return Handling::done(self, Next::Continue);
            }
            Ok(Note::Stop) => return Handling::done(self, Next::Stop(Reason::Normal)),
            Err(message) => message,
        };
        let Ok(_) = message.take::<phx_runtime::endpoint::Broadcast>() else {
            panic!("nothing else is sent")
        };
        cx.socket().push("overheard", json!({}));
        Handling::done(self, Next::Continue)
    }

    fn terminate(self: Box<Self>, _: Reason, _: Context) -> Handling<()> {
        if !self.ends_slowly {
            return Handling::done(self, ());
        }
        Handling::later(self, |_| Box::pin(AtGate))
    }
}

impl Join<User> for Room {
    async fn join(cx: JoinContext<User>) -> Result<Joined<Self>, JoinError> {
        let how = cx.payload().decode::<u8>().unwrap_or(0);
        match how {
            1 => AtGate.await,
            2 => return Err(JoinError::new("told to")),
            3 => panic!("told to"),
            4 => {
                AtGate.await;
                return Err(JoinError::new("told to"));
            }
            _ => {}
        }
        Ok(Joined::new(Self::new(how == 5)))
    }
}

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    version_1: [bool; 2],
    steps: Vec<(bool, Step<'a>)>,
}

#[derive(Arbitrary, Debug)]
enum Step<'a> {
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
enum JoinRef {
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

/// What is on its way between a client and the server.
#[derive(Default)]
struct Line {
    /// Messages for the server, and whether they are sure to be some.
    up: VecDeque<(Frame, bool)>,
    down: Vec<Outgoing>,
    /// Whether the client has closed.
    is_closed: bool,
}

/// The transport under which the server serves a client.
struct Wire {
    line: Arc<Mutex<Line>>,
    /// Whether what is handled is sure to be a message.
    is_message: bool,
}

impl Wire {
    fn next(&mut self) -> Option<Received> {
        let (frame, is_message) = locked(&self.line).up.pop_front()?;
        self.is_message = is_message;
        Some(Received::Message(frame))
    }
}

impl Transport for Wire {
    fn received(&mut self, _: &Connection) -> Option<Received> {
        self.next()
    }

    fn poll_receive(&mut self, task: &mut Task<'_>, connection: &Connection) -> Poll<Received> {
        self.next().map_or_else(|| self.poll_gone(task, connection), Poll::Ready)
    }

    /// Whoever changes anything polls.
    fn poll_gone(&mut self, _: &mut Task<'_>, _: &Connection) -> Poll<Received> {
        if !locked(&self.line).is_closed {
            return Poll::Pending;
        }
        Poll::Ready(Received::Closed { code: None, text: Text::default() })
    }

    fn poll_send(&mut self, _: &mut Task<'_>, connection: &Connection) -> Poll<io::Result<()>> {
        let frames = connection.take_frames();
        locked(&self.line).down.extend(frames);
        Poll::Ready(Ok(()))
    }

    fn handled(&mut self, outcome: Outcome) {
        assert!(outcome == Outcome::Taken || !self.is_message, "{outcome:?}");
    }
}

/// Whether a task has been woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A client and what the server owes it.
struct Client {
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
    fn new(endpoint: &Endpoint, version_1: bool) -> Self {
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
    fn has_room(&self) -> bool {
        !self.closing && locked(&self.line).up.len() < FLOOD
    }

    fn step(&mut self, step: &Step<'_>) {
        match step {
            Step::Join { topic, how } => {
                let topic = TOPICS[usize::from(*topic) % TOPICS.len()];
                let reference = self.ask(true);
                self.join_refs.insert(topic, reference.clone());
                self.send(&json!(reference), &json!(reference), topic, "phx_join", how % 6);
            }
            Step::Event { topic, event, join_ref, answered } => {
                let topic = TOPICS[usize::from(*topic) % TOPICS.len()];
                let event = EVENTS[usize::from(*event) % EVENTS.len()];
                let join_ref = self.join_ref(topic, join_ref);
                let reference = if *answered { json!(self.ask(false)) } else { Value::Null };
                self.send(&join_ref, &reference, topic, event, 0);
            }
            Step::Leave { topic, join_ref } => {
                let topic = TOPICS[usize::from(*topic) % TOPICS.len()];
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
                let topic = TOPICS[usize::from(*topic) % TOPICS.len()];
                let event = EVENTS[usize::from(*event) % EVENTS.len()];
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
    fn poll(&mut self) {
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

    fn finish(mut self) {
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
                let topic = TOPICS[usize::from(*topic) % TOPICS.len()];
                endpoint.broadcast(topic, if *secret { "secret" } else { "news" }, json!({}));
            }
            Step::Disconnect => endpoint.disconnect("everybody"),
            _ => {}
        }
        set_gate(matches!(step, Step::Open));
        clients.iter_mut().for_each(Client::poll);
    }
    set_gate(true);
    clients.iter_mut().for_each(Client::poll);
    clients.into_iter().for_each(Client::finish);
    for topic in TOPICS.into_iter().chain(["everybody"]) {
        assert_eq!(endpoint.subscribers(topic), 0, "somebody is left in {topic}");
    }
    assert_eq!(ALIVE.load(Ordering::Relaxed), 0, "a channel is left");
}
