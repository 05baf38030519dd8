//! The routing table of a socket: topic patterns to channels.

use std::{fmt, sync::Arc};

use futures_util::future::BoxFuture;

use super::{
    callbacks::Channel,
    context::JoinContext,
    handling::AnyChannel,
    joined::{JoinError, Joined},
    kind::ChannelKind,
    pattern::Pattern,
};
use crate::{
    endpoint::{Endpoint, Requirements},
    log::{self, FilterParameters, JoinLine},
    message::{Info, Payload, Topic, caught},
};

/// A channel that can be joined from connections of the socket `S`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a channel that `{S}` can serve",
    label = "no `#[channel(\"…\")]` for this type, or one for another socket",
    note = "a channel is `#[channel(\"topic:*\")] impl {Self} {{ … }}`, or a module with its `#[assigns]`; what its \
            `#[join]` borrows is the state of the socket that lists it, `&{S}`, and a state of the application is \
            taken as `State<T>`"
)]
pub trait Join<S: 'static>: Channel {
    /// Decides whether the client may join, and makes the channel. The client's messages for the topic
    /// wait meanwhile; its other channels do not.
    ///
    /// # Errors
    ///
    /// The client is told what the error says. A panic is a fault: it is told `join crashed`.
    ///
    /// Phoenix counterpart: `join/3`.
    fn join(cx: JoinContext<S>) -> impl Future<Output = Result<Joined<Self>, JoinError>> + Send;

    /// Registers the application state that joining needs.
    fn join_requires(_requirements: &mut Requirements) {}

    /// The channel in a routing table.
    #[doc(hidden)]
    const ENTRY: Entry<S> = Entry { patterns: Self::PATTERNS, route: Route::at::<Self> };
}

/// An entry of a routing table that is still compiled.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Entry<S: 'static> {
    pub(super) patterns: &'static [Pattern],
    pub(super) route: fn(&'static [Pattern]) -> Route<S>,
}

/// One entry of a socket's routing table, which `#[channels(..)]` writes. Entries are tried in
/// order; the first with a matching pattern serves the topic.
///
/// Phoenix counterpart: `channel "room:*", RoomChannel`.
pub struct Route<S> {
    patterns: &'static [Pattern],
    kind: Arc<ChannelKind>,
    join: fn(JoinContext<S>) -> BoxFuture<'static, Result<JoinedAny, JoinError>>,
    requires: fn(&mut Requirements),
}

/// An accepted join without the channel's type.
pub(crate) struct JoinedAny {
    pub(crate) channel: Box<dyn AnyChannel>,
    pub(crate) response: Payload,
    pub(crate) then: Vec<Info>,
}

impl<S: 'static> Route<S> {
    /// The channel `C` under the patterns that it names itself.
    pub fn of<C: Join<S>>() -> Self {
        Self::at::<C>(C::PATTERNS)
    }

    /// The channel `C` under other patterns than its own. They have to name the topic parameters that
    /// its `#[join]` takes, or no topic matches them.
    pub fn at<C: Join<S>>(patterns: &'static [Pattern]) -> Self {
        Self {
            patterns,
            kind: Arc::new(ChannelKind {
                name: log::short_name::<C>(),
                intercepts: C::INTERCEPTS,
                sends: C::SENDS,
                options: C::options(),
            }),
            join: |cx| {
                Box::pin(caught(async move {
                    let joined = C::join(cx).await?;
                    let response = joined.response?;
                    let channel: Box<dyn AnyChannel> = Box::new(joined.channel);
                    Ok(JoinedAny { channel, response, then: joined.then })
                }))
            },
            requires: |requirements| {
                <C as Channel>::requires(requirements);
                C::join_requires(requirements);
            },
        }
    }

    pub(crate) fn requires(&self, requirements: &mut Requirements) {
        (self.requires)(requirements);
    }
}

impl<S> fmt::Debug for Route<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route")
            .field("patterns", &self.patterns)
            .field("channel", &self.kind.name)
            .finish_non_exhaustive()
    }
}

/// A join under way. A panic in it is a fault.
pub(crate) type Joining = BoxFuture<'static, Result<JoinedAny, JoinError>>;

/// The routing table together with the connection's socket, without the socket's type.
pub(crate) trait Routes: Send + Sync {
    /// The socket's type, for the log.
    fn socket(&self) -> &'static str;

    /// Whether some route serves `topic`.
    fn serves(&self, topic: &Topic) -> bool;

    /// Starts the join of the first route that serves `topic`, with what to log of it, where
    /// `filter` is what the connection's lines hide.
    fn join(
        self: Arc<Self>,
        topic: &Topic,
        payload: Payload,
        endpoint: &Endpoint,
        filter: &FilterParameters,
    ) -> Option<(Arc<ChannelKind>, Option<JoinLine>, Joining)>;
}

/// A connected socket with its table, together because a connection keeps both.
pub(crate) struct Connected<S> {
    pub(crate) user: S,
    pub(crate) table: Arc<[Route<S>]>,
}

impl<S> AsRef<S> for Connected<S> {
    fn as_ref(&self) -> &S {
        &self.user
    }
}

impl<S> Connected<S> {
    fn find(&self, topic: &str) -> Option<(&Route<S>, Pattern)> {
        self.table.iter().find_map(|route| {
            let pattern = route.patterns.iter().find(|pattern| pattern.matches(topic))?;
            Some((route, *pattern))
        })
    }
}

impl<S: Send + Sync + 'static> Routes for Connected<S> {
    fn socket(&self) -> &'static str {
        log::short_name::<S>()
    }

    fn serves(&self, topic: &Topic) -> bool {
        self.find(topic).is_some()
    }

    fn join(
        self: Arc<Self>,
        topic: &Topic,
        payload: Payload,
        endpoint: &Endpoint,
        filter: &FilterParameters,
    ) -> Option<(Arc<ChannelKind>, Option<JoinLine>, Joining)> {
        let (route, pattern) = self.find(topic)?;
        let log = route.kind.join_line(topic, &payload, filter);
        let cx = JoinContext::new(self.clone(), topic.clone(), pattern, payload, endpoint.clone());
        Some((route.kind.clone(), log, (route.join)(cx)))
    }
}
