//! The callbacks of a channel: the traits that `#[channel]` implements.

use std::pin::Pin;

use super::{
    context::Context,
    handling::{AnyChannel, Handling, Run, run, run_async},
    options::ChannelOptions,
    outcome::Outcome,
    pattern::Pattern,
    reply::{Next, Reply},
};
use crate::{
    endpoint::Requirements,
    log::{Dropped, dropped},
    message::{FromFailure, Info, Payload, Reason},
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
    /// The events whose broadcasts go through `handle_out` instead of straight to the client.
    const INTERCEPTS: &'static [&'static str] = &[];

    /// The typed events that the channel sends, if it lists them.
    const SENDS: &'static [&'static str] = &[];

    /// How the channel is logged: what `#[channel(..)]` has behind its patterns. Asked for once, when
    /// the endpoint is built.
    fn options() -> ChannelOptions {
        ChannelOptions::new()
    }

    /// Registers the application state that the callbacks need, so that an endpoint without it is not
    /// built. Asked for once.
    fn requires(_requirements: &mut Requirements) {}

    /// A message from the client, with any event but the protocol's own, one after the other in the
    /// order in which they were sent. By default the client is told `unmatched event`.
    ///
    /// Phoenix counterpart: `handle_in/3`.
    fn handle_in(self: Box<Self>, _payload: Payload, cx: Context) -> Handling {
        Handling::unmatched_event(self, &cx)
    }

    /// A broadcast of an event that is in [`INTERCEPTS`](Self::INTERCEPTS), to be pushed, changed or
    /// held back. By default it is pushed as it is.
    ///
    /// Phoenix counterpart: `handle_out/3`.
    fn handle_out(self: Box<Self>, payload: Payload, cx: Context) -> Handling<Next> {
        cx.socket().push(cx.event(), payload);
        Handling::done(self, Next::Continue)
    }

    /// A message from the application: of `Socket::notify`, of [`Joined::then`](crate::Joined::then), or
    /// a [`Broadcast`](crate::endpoint::Broadcast) of another topic that the channel subscribed to. By
    /// default it is dropped, counted and logged.
    ///
    /// Phoenix counterpart: `handle_info/2`.
    fn handle_info(self: Box<Self>, message: Info, cx: Context) -> Handling<Next> {
        Handling::unmatched_info(self, message, &cx)
    }

    /// The channel ends, in whatever way; called once. It may take 5 s, then the channel is dropped.
    /// What it pushes reaches the client unless the connection is gone.
    ///
    /// Phoenix counterpart: `terminate/2`.
    fn terminate(self: Box<Self>, _reason: Reason, _cx: Context) -> Handling<()> {
        Handling::done(self, ())
    }
}

impl<C: Channel> AnyChannel for C {
    fn handle_in(self: Box<Self>, payload: Payload, cx: Context) -> Run {
        Channel::handle_in(self, payload, cx).into_run()
    }

    fn handle_out(self: Box<Self>, payload: Payload, cx: Context) -> Run {
        Channel::handle_out(self, payload, cx).into_run()
    }

    fn handle_info(self: Box<Self>, message: Info, cx: Context) -> Run {
        Channel::handle_info(self, message, cx).into_run()
    }

    fn terminate(self: Box<Self>, reason: Reason, cx: Context) -> Run {
        Channel::terminate(self, reason, cx).into_run()
    }
}

impl<T> Handling<T> {
    /// A callback that has nothing to do.
    pub fn done<C: Channel>(channel: Box<C>, answer: T) -> Self
    where
        T: Outcome<T>,
    {
        Self::through(channel, T::of(answer).unwrap_or_else(Reply::from_failure))
    }

    /// Runs a callback that waits for nothing.
    ///
    /// If it panics, that is a fault of this channel alone, which is still there for its `terminate`.
    pub fn now<C: Channel, R>(mut channel: Box<C>, callback: impl FnOnce(&mut C) -> R) -> Self
    where
        T: Outcome<R>,
    {
        let reply = run(|| T::of(callback(&mut channel)));
        Self::through(channel, reply)
    }

    /// Runs an asynchronous callback: a closure that returns a boxed future. The connection serves its
    /// other channels meanwhile, and this one handles nothing else.
    ///
    /// If it panics, that is a fault of this channel alone, which is still there for its `terminate`.
    pub fn later<C: Channel, R>(
        mut channel: Box<C>,
        callback: impl for<'a> FnOnce(&'a mut C) -> Pin<Box<dyn Future<Output = R> + Send + 'a>>
        + Send
        + 'static,
    ) -> Self
    where
        T: Outcome<R>,
    {
        Self::under_way(async move {
            let reply = run_async(async { T::of(callback(&mut channel).await) }).await;
            (channel, reply)
        })
    }
}

impl Handling<Reply> {
    /// No handler takes this event: the client is told so, and the channel goes on.
    pub fn unmatched_event<C: Channel>(channel: Box<C>, cx: &Context) -> Self {
        if cx.expects_reply() {
            return Self::done(channel, Reply::unmatched_event());
        }
        dropped(Dropped::UnmatchedEvent, cx.socket().whose(), Some(cx.event()));
        Self::done(channel, Reply::none())
    }
}

impl Handling<Next> {
    /// No handler takes this message: it is logged, and the channel goes on.
    pub fn unmatched_info<C: Channel>(channel: Box<C>, message: Info, cx: &Context) -> Self {
        dropped(Dropped::UnmatchedInfo(message.type_name()), cx.socket().whose(), None);
        Self::done(channel, Next::Continue)
    }
}
