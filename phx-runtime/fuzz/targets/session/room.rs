//! A channel that does whatever can be done, and a gate in front of what takes its time.

use std::{
    mem,
    pin::Pin,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context as Task, Poll, Waker},
};

use futures_util::FutureExt;
use phx_runtime::{
    ConnectError, JoinError, Joined, Next, Payload, Reason, Reply, ReplyRef,
    channel::{Channel, Context, FromEvent, Handling, Info, Join, JoinContext, Pattern, Route},
    json,
    options::{Mount, WebSocketOptions},
    socket::{ConnectContext, SocketState},
};

use crate::line::locked;

/// How many channels a client may have: fewer than there are topics.
const MAX_CHANNELS: usize = 2;

/// The id of both clients.
pub const EVERYBODY: &str = "everybody";

/// Whether callbacks that take their time may end.
static GATE: AtomicBool = AtomicBool::new(false);

/// Those that wait for it.
static AT_GATE: Mutex<Vec<Waker>> = Mutex::new(Vec::new());

/// Channels that are alive.
pub static ALIVE: AtomicUsize = AtomicUsize::new(0);

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

pub fn set_gate(is_open: bool) {
    GATE.store(is_open, Ordering::Relaxed);
    if is_open {
        mem::take(&mut *locked(&AT_GATE)).into_iter().for_each(Waker::wake);
    }
}

pub struct User;

impl SocketState for User {
    fn mount() -> Mount {
        Mount::new("/socket").websocket(WebSocketOptions::new()).max_channels(MAX_CHANNELS)
    }

    async fn connect(_: ConnectContext) -> Result<Self, ConnectError> {
        Ok(Self)
    }

    fn id(&self) -> Option<String> {
        Some(EVERYBODY.to_owned())
    }

    fn channels() -> Vec<Route<Self>> {
        vec![Route::of::<Room>()]
    }
}

pub struct Room {
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
