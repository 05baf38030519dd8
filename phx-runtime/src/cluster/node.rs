//! What nodes are called.

use std::{fmt, sync::Arc};

/// One run of a node. Made up at each start, so that a node that was started again is another one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u64);

impl NodeId {
    /// Another id than any other's.
    pub(crate) fn random() -> Self {
        // Without random numbers of the system there is still the address space's layout.
        let by_hasher = || {
            use std::hash::{BuildHasher, RandomState};
            RandomState::new().hash_one(0)
        };
        Self(crate::token::random().map_or_else(|_| by_hasher(), u64::from_be_bytes))
    }

    /// The id that is this number.
    pub(crate) const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The id as a number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// 16 hexadecimal digits.
impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({self})")
    }
}

/// A node of a cluster: its name, as [`Cluster::node`](super::Cluster::node) gave it, and the id of
/// this run of it. Cheap to clone.
///
/// Phoenix counterpart: the node name of Erlang.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Node {
    id: NodeId,
    name: Arc<str>,
}

impl Node {
    pub(crate) fn new(id: NodeId, name: &str) -> Self {
        Self { id, name: name.into() }
    }

    /// Which run of the node it is.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// The node's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The name.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({:?}, {})", self.name, self.id)
    }
}
