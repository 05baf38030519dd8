//! `Phoenix.Tracker`: who is present on which node, known to all nodes.
//!
//! Each node is a replica with a clock. A presence is a tag, `{replica, clock}`, with a value; who has
//! heard of a tag and finds it without its value knows that the presence left. Replicas tell what
//! changed in heartbeats, and who finds that a replica's clock is ahead of what it has heard asks it
//! for a transfer.
//!
//! Here a replica is believed about itself alone. What one says of others, as it may in Phoenix, is
//! left out: each of those says it itself, and is asked for what was missed. So there is no conflict to
//! resolve, and nobody can be made present, or absent, by a third.
//!
//! Nothing here knows of time or of the network: messages and instants come in, and go out.

#[cfg(any(all(test, feature = "redis"), fuzzing))]
pub(super) mod fuzzing;
mod message;
#[cfg(any(feature = "redis", fuzzing))]
mod others;
#[cfg(any(feature = "redis", fuzzing))]
mod own;
#[cfg(feature = "redis")]
mod phash2;
#[cfg(feature = "redis")]
mod presences;
#[cfg(any(feature = "redis", fuzzing))]
mod seen;
#[cfg(feature = "redis")]
mod shards;

pub use self::message::{
    Clocks, Replica, Tag, Tracked, TrackerError, TrackerMessage, TrackerState, Transfer,
};
#[cfg(feature = "redis")]
pub(crate) use self::{
    others::{Others, Outcome, Outgoing, PERIOD},
    own::Own,
    presences::Presences,
    seen::{Change, Shown},
    shards::Shards,
};

#[cfg(test)]
#[cfg(feature = "redis")]
mod tests;
