//! The callbacks of a channel: the traits that `#[channel]` implements.

use futures_util::{FutureExt, future::BoxFuture};

use super::{
    context::{Context, JoinContext},
    handling::{AnyChannel, Handling, Step},
    joined::{JoinError, Joined},
    options::ChannelOptions,
    pattern::Pattern,
    reply::Reply,
};
use crate::{
    endpoint::Requirements,
    log::{Dropped, dropped},
    message::{Info, Payload, Reason},
};

/// A channel: the state of one client in one topic, from its join to its end.
///
/// `#[channel(..)]` implements this; by hand, every method has a default but the patterns. Each
/// callback takes the channel and gives it back inside [`Handling`], so a callback may run as long
/// as it needs while the connection serves its other channels.
///
/// ```
/// use phx_runtime::{Payload, Reply, channel::{Channel, Context, Handling, Pattern}};
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

impl Handling {
    /// A callback that has already run.
    pub fn done<C: Channel>(channel: Box<C>, reply: Reply) -> Self {
        Self(Step::Done(channel, reply))
    }

    /// A callback that is still to run; it gives the channel back.
    pub fn later<C: Channel>(
        callback: impl Future<Output = (Box<C>, Reply)> + Send + 'static,
    ) -> Self {
        let erased = callback.map(|(channel, reply)| (channel as Box<dyn AnyChannel>, reply));
        Self(Step::Later(Box::pin(erased)))
    }

    /// No handler takes this event: the client is told so, and the channel goes on.
    pub fn unmatched_event<C: Channel>(channel: Box<C>, cx: &Context) -> Self {
        if cx.expects_reply() {
            return Self::done(channel, Reply::unmatched_event());
        }
        dropped(Dropped::UnmatchedEvent, cx.socket().whose(), Some(cx.event()));
        Self::done(channel, Reply::none())
    }

    /// No handler takes this message: it is logged, and the channel goes on.
    pub fn unmatched_info<C: Channel>(channel: Box<C>, message: Info, cx: &Context) -> Self {
        dropped(Dropped::UnmatchedInfo(message.type_name()), cx.socket().whose(), None);
        Self::done(channel, Reply::none())
    }
}
