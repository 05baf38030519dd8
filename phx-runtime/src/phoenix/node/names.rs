//! Phoenix nodes as nodes of phx's clusters.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::super::{
    pubsub::NodeName,
    term::{Atom, Integer},
    tracker::Replica,
};
use crate::cluster::{Node, NodeId};

/// In the id of a node whose name is an atom. Names of both kinds may have the same text.
const ATOM: u64 = 1;

/// A Phoenix node of this name, for [`Endpoint::broadcast_to`](crate::Endpoint::broadcast_to): nobody
/// knows which nodes there are, unless they have presences.
///
/// ```
/// use phx_runtime::phoenix::{self, Atom, NodeName};
///
/// let web1 = phoenix::node(&NodeName::Atom(Atom::new("my_app@10.0.0.5")?));
/// assert_eq!(web1.name(), "my_app@10.0.0.5");
/// assert_ne!(web1, phoenix::node(&NodeName::from("my_app@10.0.0.5")));
/// # Ok::<(), phoenix::AtomError>(())
/// ```
///
/// Phoenix counterpart: the first argument of `Phoenix.PubSub.direct_broadcast/5`.
pub fn node(name: &NodeName) -> Node {
    in_run(name, None)
}

/// This node, with what its name is to begin with.
pub(super) fn this_node(given: &Node, beginning: Option<&str>) -> Node {
    let name = format!("{}{}", beginning.unwrap_or_default(), given.name());
    Node::new(NodeId::from_number(given.id().get() & !ATOM), &name)
}

/// One run of a Phoenix node.
pub(super) fn node_of(replica: &Replica) -> Node {
    in_run(&replica.name, Some(&replica.vsn))
}

fn in_run(name: &NodeName, vsn: Option<&Integer>) -> Node {
    let mut hasher = DefaultHasher::new();
    (name.to_term().encode(), vsn).hash(&mut hasher);
    let (kind, text) = match name {
        NodeName::Atom(atom) => (ATOM, atom.as_str().into()),
        NodeName::Binary(bytes) => (0, String::from_utf8_lossy(bytes)),
    };
    Node::new(NodeId::from_number(hasher.finish() & !ATOM | kind), &text)
}

/// The name that Phoenix knows a node by.
pub(super) fn name_of(node: &Node) -> NodeName {
    match Atom::new(node.name()) {
        Ok(atom) if node.id().get() & ATOM == ATOM => NodeName::Atom(atom),
        _ => NodeName::from(node.name()),
    }
}
