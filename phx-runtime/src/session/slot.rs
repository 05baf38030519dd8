//! One topic of a connection: the channel that was joined, and what waits for it.

use std::sync::Arc;

use super::waiting::Queue;
use crate::{
    channel::{AnyChannel, Member},
    serializer::Message,
};

/// A channel does one thing after the other, and this is where it stands.
///
/// Between two turns of the session an idle channel has nothing waiting for it.
pub(super) struct Slot {
    pub(super) member: Arc<Member>,
    pub(super) stage: Stage,
    /// What came while the channel had no time.
    pub(super) queue: Queue,
}

pub(super) enum Stage {
    /// The join has not been decided; there is no channel yet.
    Joining,
    /// The channel waits for work.
    Idle(Box<dyn AnyChannel>),
    /// A callback has the channel.
    Running,
    /// The channel failed and its `terminate` has it; its client does not know yet.
    Failing,
}

/// What became of a slot when its channel had a turn.
#[must_use]
pub(super) enum Fate {
    /// The topic keeps it.
    Stays,
    /// Its channel is over, and its topic is free again.
    Gone,
    /// As `Gone`, because its client joins anew, with this message.
    Rejoined(Message),
}

impl Slot {
    pub(super) fn new(member: Arc<Member>) -> Self {
        Self { member, stage: Stage::Joining, queue: Queue::default() }
    }

    /// Whether its client asked to join and has no answer yet: to what is undecided, or to what waits
    /// until the channel that it replaces has time to go.
    pub(super) fn is_joining(&self) -> bool {
        matches!(self.stage, Stage::Joining) || self.queue.has_join()
    }

    /// Whether there is a channel, and more to come for it.
    pub(super) fn has_joined(&self) -> bool {
        matches!(self.stage, Stage::Idle(_) | Stage::Running)
    }

    /// Takes the channel out for a turn, if it has time for one.
    pub(super) fn take_idle(&mut self) -> Option<Box<dyn AnyChannel>> {
        match std::mem::replace(&mut self.stage, Stage::Running) {
            Stage::Idle(channel) => Some(channel),
            busy => {
                self.stage = busy;
                None
            }
        }
    }

    /// The turn is over, and the channel goes on.
    pub(super) fn rest(&mut self, channel: Box<dyn AnyChannel>) -> Fate {
        self.stage = Stage::Idle(channel);
        Fate::Stays
    }
}

/// A message for a topic that has no channel.
pub(super) struct Opening {
    pub(super) message: Message,
    /// The channel that this message, a join, has replaced.
    pub(super) replaced: Option<Arc<Member>>,
}

impl From<Message> for Opening {
    fn from(message: Message) -> Self {
        Self { message, replaced: None }
    }
}
