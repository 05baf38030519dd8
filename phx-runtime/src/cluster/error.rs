//! What goes wrong between nodes.

use thiserror::Error;

use super::{adapter_error::AdapterError, node::Node};
use crate::message::EncodeError;

/// A node could not join its cluster.
#[derive(Debug, Error)]
#[error("cannot join the cluster over {engine}: {problem}")]
pub struct ClusterError {
    pub(super) engine: &'static str,
    pub(super) kind: ClusterErrorKind,
    pub(super) problem: String,
    #[source]
    pub(super) source: Option<AdapterError>,
}

/// What kind of [`ClusterError`] it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClusterErrorKind {
    /// The engine cannot be reached, or refuses.
    Unreachable,
    /// The node has left its cluster, which is for good.
    Left,
}

impl ClusterError {
    pub(crate) fn new(
        engine: &'static str,
        kind: ClusterErrorKind,
        source: Option<AdapterError>,
    ) -> Self {
        let problem = match (&source, kind) {
            (Some(source), _) => source.to_string(),
            (None, ClusterErrorKind::Left) => "the node has left it".to_owned(),
            (None, ClusterErrorKind::Unreachable) => "it does not answer".to_owned(),
        };
        Self { engine, kind, problem, source }
    }

    /// What kind of error it is.
    pub fn kind(&self) -> ClusterErrorKind {
        self.kind
    }
}

/// A broadcast to one node was not sent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BroadcastToError {
    /// The node is not there: it never was, it has said goodbye, or nothing was heard of it for
    /// [`Cluster::down_after`](super::Cluster::down_after). It may have died a moment ago without
    /// anybody knowing yet.
    #[error("the node `{0}` is not there")]
    Gone(Node),
    /// The message can never be sent.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

impl BroadcastToError {
    /// What went wrong, as a name that stays the same.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Gone(_) => "gone",
            Self::Encode(error) => error.kind(),
        }
    }
}

/// Nodes that did not answer in time, or went meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{} nodes did not answer", nodes.len())]
pub struct Unanswered {
    pub(crate) nodes: Vec<Node>,
    pub(crate) counted: usize,
}

impl Unanswered {
    /// Who did not answer.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// What the others answered.
    pub fn counted(&self) -> usize {
        self.counted
    }
}

/// A cluster that can never be joined as it is set.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum ClusterConfigError {
    #[error("{0}")]
    Url(String),
    #[error("the name of a {what} has 1 to 64 characters out of {allowed}")]
    Name { what: &'static str, allowed: &'static str },
    #[error("`{option}` is {problem}")]
    Setting { option: &'static str, problem: &'static str },
    #[error("every node needs the same secret; give it to `.secret(..)`")]
    NoSecret,
}
