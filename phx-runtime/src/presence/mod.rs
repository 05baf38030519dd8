//! Who is in a topic, and what is known of them.
//!
//! The handle itself is [`Presence`](crate::Presence).
//!
//! Each topic has a roster of entries under a lock of its own. A change alters the roster and
//! notes the difference; whoever changed it then hands the difference to the topic's subscribers,
//! without a lock, so that everyone gets all differences in the order of the changes. Changes that
//! arrive while that is under way leave together in the next `presence_diff`. The keys that a
//! channel tracks are owned by the channel and are untracked when it drops them at its end.
//!
//! # Where other nodes will come in
//!
//! An entry's id names its replica, and only that replica adds, updates and removes the entry, so
//! entries of different nodes never conflict. A topic is changed nowhere but in `Topics::change`:
//! what is done there for this node's own entries is what has to be sent to the other nodes, in the
//! same order, and what they send is applied there too, under their ids. `Topics::tell` then
//! informs the subscribers of this node, which are the only ones that a node informs. A node that
//! is gone leaves like a channel, with all entries of its replica. An update keeps the entry's id
//! and changes its `phx_ref`, so for healing after lost messages each replica will have to number
//! its changes; how far each other replica has been followed then stands beside the rosters.

mod diff;
mod error;
pub(crate) mod handle;
mod meta;
mod reference;
mod roster;
mod shared;
mod state;
mod topics;
mod tracking;

pub use self::{
    error::{TrackError, UpdateError},
    meta::{MetaError, PresenceMeta},
    reference::PresenceRef,
    state::{PresenceEntry, PresenceState},
};

#[cfg(test)]
mod tests;
