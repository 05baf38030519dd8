//! Channels without a transport: messages in, messages out.

use std::{any::Any, collections::VecDeque, fmt, future::poll_fn, task::Poll};

use crate::{
    channel::ToChannels,
    connect::ConnectError,
    connection::{Connection, Outgoing},
    endpoint::{Admitted, Registered},
    message::{Info, Reason, Topic},
    serializer::Message,
    transport::{self, Dispatched, Flow, Frame, RawSocket},
};

/// A connection's channels, for whoever carries its messages by hand: it owns no transport and reads
/// no bytes. What is dispatched is a [`Message`]; what goes to the client is already encoded, in the
/// protocol that it asked for with its `vsn`.
///
/// A [`Transport`](crate::transport::Transport) needs less code and is told less.
///
/// ```
/// # use phx_runtime::prelude::*;
/// # pub struct Lobby;
/// # #[channel("lobby")]
/// # impl Lobby { #[join] fn join() -> Result<Self, JoinError> { Ok(Self) } }
/// # pub struct Guest;
/// # #[socket("/socket", websocket)]
/// # #[channels(Lobby)]
/// # impl Guest { #[connect] fn connect() -> Result<Self, ConnectError> { Ok(Self) } }
/// use phx_runtime::{
///     ConnectInfo, Endpoint, Params, Payload, Reason, json,
///     serializer::Message,
///     transport::{Dispatched, Dispatcher, TransportKind},
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let endpoint = Endpoint::builder().socket::<Guest>().build()?;
/// let info = ConnectInfo::new(TransportKind::Custom("by hand"), Params::from_iter([("vsn", "2.0.0")]));
/// let mut client = Dispatcher::new(endpoint.connect("/socket", info).await?, 1 << 20).await?;
///
/// let join = Message::new("lobby", "phx_join", Payload::json(&json!({}))?).reference(Some("1".into()));
/// assert_eq!(client.dispatch(join).await, Dispatched::Joined);
/// let told = client.next().await.unwrap();
/// assert_eq!(told.as_bytes(), &br#"[null,"1","lobby","phx_reply",{"status":"ok","response":{}}]"#[..]);
/// client.dispatch_leave(Reason::Closed).await;
/// # Ok(())
/// # }
/// ```
///
/// Dropped without [`dispatch_leave`](Self::dispatch_leave), its channels are told that the connection
/// is lost.
///
/// Phoenix counterparts: `Phoenix.Channel.Transport` up to 0.10, whose `dispatch`, `dispatch_info` and
/// `dispatch_leave` take the sockets that this keeps, and `Phoenix.Socket.Transport` up to 1.3.
pub struct Dispatcher {
    socket: Box<dyn RawSocket>,
    connection: Connection,
    /// What has been taken for the client.
    frames: VecDeque<Frame>,
    _registered: Registered,
}

impl Dispatcher {
    /// Takes a client over that was let in; it may be behind by `max_backlog` bytes, as with
    /// [`Connection::new`].
    ///
    /// # Errors
    ///
    /// Its socket has nothing to do with it after all.
    pub async fn new(admitted: Admitted, max_backlog: usize) -> Result<Self, ConnectError> {
        let connection = Connection::new(max_backlog);
        let (mut socket, registered) = admitted.register(&connection);
        match socket.init(&connection).decide().await {
            Flow::Stop(code) | Flow::Malformed(code) => {
                Err(ConnectError::new(format!("the socket stopped with code {code}")))
            }
            Flow::Continue | Flow::Refused => {
                let frames = VecDeque::new();
                Ok(Self { socket, connection, frames, _registered: registered })
            }
        }
    }

    /// Hands a message to the channel of its topic, or joins it, and says what became of it. It waits
    /// until a join is decided, and never for a handler.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the message is handled all the same, and nobody is told how it went.
    pub async fn dispatch(&mut self, message: Message) -> Dispatched {
        self.socket.dispatch(message, &self.connection).await
    }

    /// Sends a message to every joined channel, where it arrives in `#[handle_info]`.
    pub async fn dispatch_info(&mut self, message: impl Any + Clone + Send) {
        self.hand(Info::new(ToChannels::all(message))).await;
    }

    /// Sends a message to the channel of one topic, if it is joined.
    pub async fn dispatch_info_to(&mut self, topic: impl Into<Topic>, message: impl Any + Send) {
        self.hand(Info::new(ToChannels::one(topic, message))).await;
    }

    async fn hand(&mut self, message: Info) {
        // Sockets with channels decide nothing about messages of the application.
        self.socket.handle_info(message, &self.connection).decide().await;
    }

    /// The connection's handle, for tasks that close it or wait for room.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Waits for what the client is to be sent next, and lets running handlers go on meanwhile. None
    /// once somebody has closed the connection and nothing is left; then [`Connection::ending`] tells
    /// why.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the returned future is dropped before it is ready.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Some(frame);
            }
            let Self { socket, connection, .. } = self;
            let step = poll_fn(|task| {
                connection.register(task);
                let letters = connection.take_messages();
                if !letters.is_empty() {
                    return Poll::Ready(Step::Letters(letters));
                }
                let _ = socket.poll(task, connection);
                if connection.has_frames() || connection.ending().is_some() {
                    return Poll::Ready(Step::Frames(connection.take_frames()));
                }
                Poll::Pending
            });
            match step.await {
                Step::Letters(letters) => {
                    for letter in letters {
                        self.hand(letter).await;
                    }
                }
                Step::Frames(all) => {
                    let is_empty = all.is_empty();
                    self.frames.extend(all.into_iter().filter_map(|outgoing| match outgoing {
                        Outgoing::Frame(frame) => Some(frame),
                        Outgoing::Ping(_) | Outgoing::Close => None,
                    }));
                    if is_empty && self.connection.ending().is_some() {
                        return None;
                    }
                }
            }
        }
    }

    /// The client is gone: every channel's `#[terminate]` is told so, once, and may take 5 s.
    pub async fn dispatch_leave(mut self, reason: Reason) {
        transport::terminate(&mut *self.socket, reason, &self.connection).await;
        self.connection.abandon();
    }
}

/// What [`Dispatcher::next`] waited for.
enum Step {
    Letters(Vec<Info>),
    Frames(Vec<Outgoing>),
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher").field("socket", &self.socket.name()).finish_non_exhaustive()
    }
}
