//! Changes of a topic's presences, of this node's channels and of other nodes'.

use smol_str::SmolStr;

use super::{meta::PresenceMeta, reference::PresenceRef};
use crate::message::Topic;

/// A writer of presences: one process in one of its runs. Nobody else changes its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ReplicaId(pub(crate) u64);

/// One channel's tracking of one key, through all its updates. Ordered by when it was made, as far
/// as one replica can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EntryId {
    pub(crate) number: u64,
    pub(crate) replica: ReplicaId,
}

/// An entry of this node, in the hands of whoever changes it.
#[derive(Clone)]
pub(super) struct Tracked {
    pub(super) id: EntryId,
    /// Of the meta as it is now.
    pub(super) reference: PresenceRef,
}

/// What becomes of an entry. A repeated change changes nothing.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// The entry is there with this meta, be it new or not.
    Upsert { key: SmolStr, id: EntryId, meta: PresenceMeta },
    /// The entry is gone.
    Remove { key: SmolStr, id: EntryId },
}

/// Is told what this node's own channels change, so as to tell other nodes.
pub(crate) trait Watcher: Send + Sync {
    /// The changes of one entry come one after the other. Called while the channel is locked: it
    /// takes no lock of the presence, and does not block.
    fn changed(&self, topic: &Topic, changes: &[Change]);
}
