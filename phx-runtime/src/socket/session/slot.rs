//! One topic of a connection: the channel that was joined, and what waits for it.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    channel::{AnyChannel, ChannelKind, Info, Member},
    pubsub::Broadcast,
    serializer::{Incoming, MessageRef},
    telemetry,
};

/// A channel handles one thing after the other; this is where it stands.
pub(super) struct Slot {
    pub(super) member: Arc<Member>,
    pub(super) kind: Arc<ChannelKind>,
    pub(super) state: State,
    /// What came while the channel was busy, oldest first. Not allocated while it is not.
    pub(super) queue: VecDeque<Work>,
}

pub(super) enum State {
    /// The join has not been decided.
    Joining(Box<Join>),
    /// The channel waits for work.
    Idle(Box<dyn AnyChannel>),
    /// A callback runs and has the channel.
    Busy,
}

/// What is needed once a join is decided.
pub(super) struct Join {
    pub(super) reference: Option<MessageRef>,
    /// The channel that the client had joined before.
    pub(super) replaced: Option<Arc<Member>>,
    pub(super) log: Option<telemetry::Joining>,
}

/// Something for a channel to do.
pub(super) enum Work {
    /// A message from the client: an event, a leave, or another join.
    In(Incoming),
    /// A broadcast that the channel intercepts.
    Out(Broadcast),
    /// A message from the application.
    Info(Info),
}
