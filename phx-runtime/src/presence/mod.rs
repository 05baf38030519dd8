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
//! # Other nodes
//!
//! An entry's id names its replica, and only that replica adds, updates and removes the entry, so
//! entries of different nodes never conflict. Whoever talks to other nodes is a `Watcher` of the
//! changes of this node's own entries, and hands the others' changes to `Shared::take_over`, which
//! tells the subscribers of this node, the only ones that a node tells. A node that is gone leaves
//! like a channel, with all its entries: whoever applied them knows which they are.

mod change;
mod diff;
mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub(crate) mod handle;
mod lingering;
mod meta;
mod options;
#[cfg(all(feature = "phoenix", feature = "redis"))]
mod phoenix;
mod reference;
mod replica;
mod replication;
mod roster;
mod shared;
mod state;
mod topics;
mod tracked;
mod tracking;

#[cfg(all(feature = "phoenix", feature = "redis"))]
pub(crate) use self::phoenix::BesidePhoenix;
pub use self::{
    error::{TrackError, UpdateError},
    meta::{MetaError, PresenceMeta},
    options::PresenceOptions,
    reference::PresenceRef,
    state::{PresenceEntry, PresenceState},
    tracked::{Meta, OldMeta, PresenceKey},
};

#[cfg(test)]
mod tests;
