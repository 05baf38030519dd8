//! A session with its task and its requests, without HTTP and on a paused clock.

mod waiting;

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll as TaskPoll},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{
    answer::Status,
    messages::Messages,
    poll::Poll,
    requests::Requests,
    session::Session,
    sessions::{SessionId, SessionLimits, Sessions},
};
use crate::{
    connection::{BacklogLimits, Budget, Connection},
    message::{Info, Reason},
    transport::{Flow, Handled, RawSocket, serve},
    wire::{CloseCode, Frame},
};

const WINDOW: Duration = Duration::from_secs(10);
const FIRST_REQUEST: Duration = Duration::from_secs(5);
const ID: SessionId = [7; 16];

/// What a socket was called with.
type Log = Arc<Mutex<Vec<String>>>;

/// Sends text back, except for texts that tell it to do something else.
struct Probe(Log);

impl RawSocket for Probe {
    fn init<'a>(&'a mut self, _: &'a Connection) -> Handled<'a> {
        self.0.lock().push("init".into());
        Flow::Continue.into()
    }

    fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a> {
        let Frame::Text(text) = frame else {
            connection.send(&frame);
            return Flow::Continue.into();
        };
        self.0.lock().push(format!("in {text}"));
        match text.as_str() {
            "stop" => {
                connection.send(&Frame::text("bye"));
                Flow::Stop(CloseCode::NORMAL).into()
            }
            "notify" => {
                connection.notify("info");
                Flow::Continue.into()
            }
            "no message" => Flow::Malformed(CloseCode::INTERNAL).into(),
            "panic" => panic!("told to"),
            "later panic" => Handled::later(async { panic!("told to") }),
            "forever" => Handled::later(pending()),
            "slow" => Handled::later(async {
                connection.send(&Frame::text("begun"));
                sleep(WINDOW / 2).await;
                connection.send(&Frame::text("done"));
                Flow::Continue
            }),
            _ => {
                connection.send(&Frame::Text(text));
                Flow::Continue.into()
            }
        }
    }

    fn handle_info<'a>(&'a mut self, message: Info, connection: &'a Connection) -> Handled<'a> {
        if let Ok(text) = message.take::<&'static str>() {
            assert_ne!(text, "panic", "told to");
            connection.send(&Frame::text(text));
        }
        Flow::Continue.into()
    }

    fn terminate<'a>(&'a mut self, reason: Reason, _: &'a Connection) -> BoxFuture<'a, ()> {
        self.0.lock().push(format!("terminate {reason}"));
        Box::pin(std::future::ready(()))
    }
}

async fn drive(
    session: Arc<Session>,
    id: SessionId,
    sessions: Sessions,
    socket: Box<dyn RawSocket>,
) {
    let connection = session.connection().clone();
    serve(socket, connection, Requests::new(session, id, sessions), ()).await;
}

struct Fixture {
    session: Arc<Session>,
    sessions: Sessions,
    log: Log,
    task: tokio::task::JoinHandle<()>,
}

fn start() -> Fixture {
    start_with(1 << 20)
}

fn start_with(max_backlog: usize) -> Fixture {
    let log = Log::default();
    start_socket(max_backlog, Probe(log.clone()), log)
}

fn start_socket(max_backlog: usize, socket: impl RawSocket, log: Log) -> Fixture {
    let session = Session::new(
        "token".into(),
        None,
        WINDOW,
        FIRST_REQUEST,
        BacklogLimits::new(max_backlog),
        Budget::new(1 << 30, 1),
    );
    let sessions = Sessions::default();
    let limits = SessionLimits { all: 1, per_peer: 1 };
    sessions.insert(ID, session.clone(), sessions.admit(0, None, limits).unwrap());
    let task = tokio::spawn(drive(session.clone(), ID, sessions.clone(), Box::new(socket)));
    Fixture { session, sessions, log, task }
}

impl Fixture {
    fn poll(&self) -> Poll {
        Poll::new(self.session.clone().visit())
    }

    async fn post(&self, body: &str) -> Status {
        self.post_as(body, None).await
    }

    async fn post_lines(&self, body: &str) -> Status {
        self.post_as(body, Some(b"application/x-ndjson")).await
    }

    async fn post_as(&self, body: &str, content_type: Option<&[u8]>) -> Status {
        let visit = self.session.clone().visit();
        let Some(turn) = visit.turn().await else { return Status::TimedOut };
        turn.post(Messages::new(body.to_owned().into(), content_type)).await
    }

    /// Lets a connection's owner send, as a broadcast does.
    fn send(&self, text: &str) {
        self.session.connection().send(&Frame::text(text));
    }

    fn log(&self) -> Vec<String> {
        self.log.lock().clone()
    }

    async fn ended(mut self) -> Vec<String> {
        (&mut self.task).await.unwrap();
        assert!(self.sessions.find(&ID).is_none());
        self.log()
    }
}

async fn answered(poll: Poll) -> Value {
    poll.wait().await;
    answer(poll)
}

fn answer(poll: Poll) -> Value {
    serde_json::from_slice(&poll.into_answer()).unwrap()
}

fn messages(answer: Value) -> Vec<String> {
    serde_json::from_value(answer["messages"].clone()).unwrap()
}

fn ok(messages: &[&str]) -> Value {
    json!({ "status": 200, "token": "token", "messages": messages })
}

fn without_messages(status: u16) -> Value {
    json!({ "status": status, "token": "token", "messages": [] })
}

#[tokio::test(start_paused = true)]
async fn what_waits_comes_with_the_next_poll_in_order() {
    let fixture = start();
    fixture.send("a");
    assert_eq!(fixture.post("b").await, Status::Ok);
    fixture.send("c");
    assert_eq!(answered(fixture.poll()).await, ok(&["a", "b", "c"]));
}

#[tokio::test(start_paused = true)]
async fn a_poll_is_answered_as_soon_as_something_is_sent() {
    let fixture = start();
    let start = Instant::now();
    let poll = tokio::spawn(answered(fixture.poll()));
    sleep(WINDOW / 2).await;
    assert_eq!(fixture.post("notify").await, Status::Ok);
    assert_eq!(poll.await.unwrap(), ok(&["info"]));
    assert_eq!(start.elapsed(), WINDOW / 2);
}

#[tokio::test(start_paused = true)]
async fn a_poll_without_messages_ends_after_the_window() {
    let fixture = start();
    let start = Instant::now();
    assert_eq!(answered(fixture.poll()).await, without_messages(204));
    assert!((WINDOW..WINDOW * 2).contains(&start.elapsed()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_newer_of_two_polls_gets_the_messages_and_the_older_ends() {
    let fixture = start();
    let start = Instant::now();
    let older = tokio::spawn(answered(fixture.poll()));
    tokio::task::yield_now().await;
    let newer = tokio::spawn(answered(fixture.poll()));
    assert_eq!(older.await.unwrap(), without_messages(204));
    assert_eq!(start.elapsed(), Duration::ZERO);
    fixture.send("a");
    assert_eq!(newer.await.unwrap(), ok(&["a"]));
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_is_cut_off_while_it_waits_loses_nothing() {
    let fixture = start();
    {
        let poll = fixture.poll();
        assert_eq!(poll.wait().now_or_never(), None);
        fixture.send("a");
    }
    fixture.send("b");
    assert_eq!(answered(fixture.poll()).await, ok(&["a", "b"]));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_never_written_leaves_its_messages_to_the_next_poll() {
    let fixture = start();
    fixture.send("a");
    let unwritten = fixture.poll();
    unwritten.wait().await;
    drop(unwritten);
    fixture.send("b");
    assert_eq!(answered(fixture.poll()).await, ok(&["a", "b"]));
    assert_eq!(answered(fixture.poll()).await, without_messages(204));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_a_newer_poll_overtakes_carries_nothing() {
    let fixture = start();
    fixture.send("a");
    let slow = fixture.poll();
    slow.wait().await;
    assert_eq!(answered(fixture.poll()).await, ok(&["a"]));
    fixture.send("b");
    assert_eq!(answer(slow), without_messages(204));
    assert_eq!(answered(fixture.poll()).await, ok(&["b"]));
}

#[tokio::test(start_paused = true)]
async fn messages_of_a_batch_are_handled_in_order_and_a_bad_one_harms_no_other() {
    let fixture = start();
    let status = fixture.post_lines("[1]\n!!!\n[2]\n").await;
    assert_eq!(status, Status::Malformed);
    assert_eq!(answered(fixture.poll()).await, ok(&["[1]", "[2]"]));
    let messages: Vec<_> = (0..1000).map(|number| format!("[{number}]")).collect();
    assert_eq!(fixture.post_lines(&messages.join("\n")).await, Status::Ok);
    assert_eq!(answered(fixture.poll()).await["messages"], json!(messages));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_message_is_answered_with_400_and_the_session_lives_on() {
    let fixture = start();
    assert_eq!(fixture.post("no message").await, Status::Malformed);
    assert_eq!(fixture.post("a").await, Status::Ok);
    assert_eq!(answered(fixture.poll()).await, ok(&["a"]));
}

#[tokio::test(start_paused = true)]
async fn a_binary_message_comes_back_as_the_url_that_holds_it() {
    let fixture = start();
    assert_eq!(fixture.post_lines("AAEC\n[1]").await, Status::Ok);
    assert_eq!(answered(fixture.poll()).await, ok(&["data:;base64,AAEC", "[1]"]));
}

#[tokio::test(start_paused = true)]
async fn a_post_waits_for_a_socket_that_takes_its_time() {
    let fixture = start();
    let start = Instant::now();
    let poll = tokio::spawn(answered(fixture.poll()));
    tokio::task::yield_now().await;
    assert_eq!(fixture.post("slow").await, Status::Ok);
    assert_eq!(start.elapsed(), WINDOW / 2);
    assert_eq!(poll.await.unwrap(), ok(&["begun"]));
    assert_eq!(answered(fixture.poll()).await, ok(&["done"]));
}

#[tokio::test(start_paused = true)]
async fn a_post_that_is_not_taken_within_the_window_is_never_handled() {
    let fixture = start();
    let start = Instant::now();
    assert_eq!(fixture.post("forever").await, Status::TimedOut);
    assert_eq!(fixture.post("unheard").await, Status::TimedOut);
    assert_eq!(start.elapsed(), WINDOW * 2);
    assert_eq!(fixture.ended().await, ["init", "in forever", "terminate inactive"]);
}

#[tokio::test(start_paused = true)]
async fn posts_are_handled_one_after_the_other() {
    let fixture = start();
    let (first, second) = tokio::join!(fixture.post("slow"), fixture.post("a"));
    assert_eq!((first, second), (Status::Ok, Status::Ok));
    assert_eq!(answered(fixture.poll()).await, ok(&["begun", "done", "a"]));
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_one_and_a_half_windows_after_the_last_request() {
    let fixture = start();
    answered(fixture.poll()).await;
    let left = Instant::now();
    assert_eq!(fixture.ended().await, ["init", "terminate inactive"]);
    assert_eq!(left.elapsed().as_secs(), (WINDOW * 3 / 2).as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_token_nobody_uses_ends_soon() {
    let fixture = start();
    let begun = Instant::now();
    assert_eq!(fixture.ended().await, ["init", "terminate inactive"]);
    assert_eq!(begun.elapsed().as_secs(), FIRST_REQUEST.as_secs());
}

#[tokio::test(start_paused = true)]
async fn posts_alone_keep_a_session_alive() {
    let fixture = start();
    for _ in 0..10 {
        assert_eq!(fixture.post("no message").await, Status::Malformed);
        sleep(WINDOW).await;
    }
    assert!(!fixture.task.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_never_returns_does_not_keep_its_session() {
    let fixture = start();
    assert_eq!(fixture.post("forever").await, Status::TimedOut);
    assert_eq!(fixture.ended().await, ["init", "in forever", "terminate inactive"]);
}

#[tokio::test(start_paused = true)]
async fn closing_from_outside_ends_polls_and_posts_at_once() {
    let fixture = start();
    let start = Instant::now();
    let poll = tokio::spawn(answered(fixture.poll()));
    let post = async {
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        fixture.session.connection().close(CloseCode::GOING_AWAY, Reason::Disconnected);
    };
    let (status, ()) = tokio::join!(fixture.post("forever"), post);
    assert_eq!(status, Status::Gone);
    assert_eq!(poll.await.unwrap(), without_messages(410));
    assert_eq!(fixture.post("late").await, Status::Gone);
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(fixture.ended().await, ["init", "in forever", "terminate disconnected"]);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_stops_has_taken_the_message_and_its_last_words_arrive() {
    let fixture = start();
    let poll = tokio::spawn(answered(fixture.poll()));
    tokio::task::yield_now().await;
    assert_eq!(fixture.post("stop").await, Status::Ok);
    assert_eq!(poll.await.unwrap(), ok(&["bye"]));
    assert_eq!(fixture.post("late").await, Status::Gone);
    assert_eq!(answered(fixture.poll()).await, without_messages(410));
    assert_eq!(fixture.ended().await, ["init", "in stop", "terminate normal"]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_ends_the_session_and_terminate_runs_once() {
    for body in ["panic", "later panic"] {
        let fixture = start();
        assert_eq!(fixture.post(body).await, Status::TimedOut);
        let expected = ["init", &format!("in {body}"), "terminate the socket panicked"];
        assert_eq!(fixture.ended().await, expected);
    }
    let fixture = start();
    fixture.session.connection().notify("panic");
    assert_eq!(fixture.ended().await, ["init", "terminate the socket panicked"]);
}

/// Does something wrong, or is busy, at one point.
#[derive(Clone, Default)]
struct Odd {
    log: Log,
    at: &'static str,
    ready: Arc<AtomicBool>,
}

impl RawSocket for Odd {
    fn init<'a>(&'a mut self, _: &'a Connection) -> Handled<'a> {
        assert_ne!(self.at, "init", "told to");
        Flow::Continue.into()
    }

    fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a> {
        connection.send(&frame);
        Flow::Continue.into()
    }

    fn poll(&mut self, _: &mut Context<'_>, _: &Connection) -> TaskPoll<Flow> {
        assert_ne!(self.at, "poll", "told to");
        match self.at {
            "stop" => TaskPoll::Ready(Flow::Stop(CloseCode::RESTART)),
            "no message" => TaskPoll::Ready(Flow::Malformed(CloseCode::POLICY)),
            _ => TaskPoll::Pending,
        }
    }

    fn is_ready(&self) -> bool {
        self.at != "busy" || self.ready.load(Ordering::Relaxed)
    }

    fn terminate<'a>(&'a mut self, reason: Reason, _: &'a Connection) -> BoxFuture<'a, ()> {
        self.log.lock().push(reason.to_string());
        Box::pin(async {
            assert_ne!(self.at, "terminate", "told to");
            if self.at == "slow end" {
                pending::<()>().await;
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn terminate_runs_once_however_a_session_ends() {
    for (at, reason) in [
        ("init", "the socket panicked"),
        ("poll", "the socket panicked"),
        ("stop", "draining"),
        ("no message", "closed with code 1008"),
        ("terminate", "inactive"),
        ("slow end", "inactive"),
    ] {
        let odd = Odd { at, ..Odd::default() };
        let fixture = start_socket(1000, odd.clone(), odd.log);
        let connection = fixture.session.connection().clone();
        assert_eq!(fixture.ended().await, [reason], "{at}");
        connection.send(&Frame::text("late"));
        assert!(!connection.has_frames(), "{at}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_socket_is_not_given_more_until_it_is_ready() {
    let odd = Odd { at: "busy", ..Odd::default() };
    let fixture = start_socket(1000, odd.clone(), odd.log);
    assert_eq!(fixture.post("a").await, Status::TimedOut);
    let (status, ()) = tokio::join!(fixture.post("b"), async {
        sleep(WINDOW / 2).await;
        odd.ready.store(true, Ordering::Relaxed);
        // Wakes the task, as whatever made the socket ready does.
        fixture.session.connection().notify(());
    });
    assert_eq!(status, Status::Ok);
    assert_eq!(answered(fixture.poll()).await, ok(&["b"]));
}

#[tokio::test(start_paused = true)]
async fn a_window_may_be_endless() {
    let session = Session::new(
        "token".into(),
        None,
        Duration::MAX,
        Duration::MAX,
        BacklogLimits::new(1000),
        Budget::new(1 << 30, 1),
    );
    let task = drive(session.clone(), ID, Sessions::default(), Box::new(Odd::default()));
    let task = tokio::spawn(task);
    let poll = tokio::spawn(answered(Poll::new(session.clone().visit())));
    sleep(Duration::from_hours(1000)).await;
    session.connection().send(&Frame::text("a"));
    assert_eq!(poll.await.unwrap(), ok(&["a"]));
    assert!(!task.is_finished());
}
