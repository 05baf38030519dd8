//! What channels are made of: the traits that `#[channel]` implements, the arguments and results
//! of callbacks, and topic patterns.

mod assigns;
mod connected;
mod context;
mod handling;
mod joined;
mod options;
mod pattern;
mod reply;
mod reply_ref;
mod route;
mod routing_table;
mod socket;
mod socket_state;

pub use self::{
    assigns::StateOf,
    connected::{IntoConnected, IntoSocketId},
    context::{ConnectContext, Context, FromConnect, FromEvent, FromJoin, FromTopic, JoinContext},
    handling::{Handling, run, run_async},
    joined::{IntoJoined, JoinError, Joined},
    options::ChannelOptions,
    pattern::Pattern,
    reply::{IntoNext, IntoRefusal, IntoReply, IntoResponse, Next, Reply},
    reply_ref::ReplyRef,
    route::Route,
    routing_table::RoutingTable,
    socket::Socket,
    socket_state::SocketState,
};
pub(crate) use self::{
    handling::{Caught, Progress, Returned},
    joined::Refused,
    reply::{Answer, End, NotCalled},
    route::{ChannelKind, Connected, JoinedAny, Joining, Routes},
    socket::{Ends, Member, SessionMessage, SessionShared, detached},
};
use crate::message::{Info, Payload, Reason};

use futures_util::future::BoxFuture;

use crate::endpoint::Requirements;

/// A channel: the state of one client in one topic, from its join to its end.
///
/// `#[channel(..)]` implements this; by hand, every method has a default but the patterns. Each
/// callback takes the channel and gives it back inside [`Handling`], so a callback may run as long
/// as it needs while the connection serves its other channels.
///
/// ```
/// use phx_runtime::{Channel, Context, Handling, Pattern, Payload, Reply};
///
/// struct Echo;
///
/// impl Channel for Echo {
///     const PATTERNS: &'static [Pattern] = &[Pattern::new("echo:*")];
///     const EVENTS: &'static [&'static str] = &["echo"];
///
///     fn handle_in(self: Box<Self>, payload: Payload, cx: Context) -> Handling {
///         match cx.event().as_str() {
///             "echo" => Handling::done(self, Reply::ok(payload)),
///             _ => Handling::unmatched_event(self, &cx),
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a channel",
    label = "no `#[channel(\"…\")]` here",
    note = "annotate `impl {Self} {{ … }}`, or the module around it, with `#[channel(\"topic:*\")]`"
)]
pub trait Channel: Sized + Send + 'static {
    /// The topics that the channel serves.
    const PATTERNS: &'static [Pattern];
    /// The events that have a handler of their own.
    const EVENTS: &'static [&'static str] = &[];
    /// The events whose broadcasts go through `handle_out` instead of straight to the client.
    const INTERCEPTS: &'static [&'static str] = &[];

    /// Options of `#[channel(..)]`.
    fn options() -> ChannelOptions {
        ChannelOptions::new()
    }

    /// Registers the application state that the callbacks need.
    fn requires(_requirements: &mut Requirements) {}

    /// A message from the client.
    fn handle_in(self: Box<Self>, _payload: Payload, cx: Context) -> Handling {
        Handling::unmatched_event(self, &cx)
    }

    /// A broadcast of an intercepted event, to be pushed or not.
    fn handle_out(self: Box<Self>, payload: Payload, cx: Context) -> Handling {
        cx.socket().push(cx.event(), payload);
        Handling::done(self, Reply::none())
    }

    /// A message from the application.
    fn handle_info(self: Box<Self>, message: Info, cx: Context) -> Handling {
        Handling::unmatched_info(self, message, &cx)
    }

    /// The channel ends.
    fn terminate(self: Box<Self>, _reason: Reason, _cx: Context) -> Handling {
        Handling::done(self, Reply::none())
    }
}

/// A channel that can be joined from connections of the socket `S`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a channel that `{S}` can serve",
    label = "no `#[channel(\"…\")]` for this type",
    note = "annotate `impl {Self} {{ … }}`, or the module around it, with `#[channel(\"topic:*\")]`"
)]
pub trait Join<S>: Channel {
    /// Decides whether the client may join, and makes the channel.
    fn join(cx: JoinContext<S>) -> BoxFuture<'static, Result<Joined<Self>, JoinError>>;

    /// Registers the application state that joining needs.
    fn join_requires(_requirements: &mut Requirements) {}
}

/// [`Channel`] without its type.
pub(crate) trait AnyChannel: Send {
    fn handle_in(self: Box<Self>, payload: Payload, cx: Context) -> Handling;
    fn handle_out(self: Box<Self>, payload: Payload, cx: Context) -> Handling;
    fn handle_info(self: Box<Self>, message: Info, cx: Context) -> Handling;
    fn terminate(self: Box<Self>, reason: Reason, cx: Context) -> Handling;
}

impl<C: Channel> AnyChannel for C {
    fn handle_in(self: Box<Self>, payload: Payload, cx: Context) -> Handling {
        Channel::handle_in(self, payload, cx)
    }

    fn handle_out(self: Box<Self>, payload: Payload, cx: Context) -> Handling {
        Channel::handle_out(self, payload, cx)
    }

    fn handle_info(self: Box<Self>, message: Info, cx: Context) -> Handling {
        Channel::handle_info(self, message, cx)
    }

    fn terminate(self: Box<Self>, reason: Reason, cx: Context) -> Handling {
        Channel::terminate(self, reason, cx)
    }
}
