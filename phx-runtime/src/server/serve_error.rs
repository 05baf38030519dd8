//! What keeps a server from being started.

use std::{fmt, io};

use thiserror::Error;

use crate::cluster::ClusterError;

/// A server that could not be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address is taken, is not this machine's, or is none.
    #[error("cannot listen on {listener}")]
    Listen {
        /// Where.
        listener: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The engine between nodes is not there.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}

impl ServeError {
    /// A word for it in metrics and logs: `listen` or `cluster`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "listen",
            Self::Cluster(_) => "cluster",
        }
    }

    pub(super) fn listen(listener: impl fmt::Display, source: io::Error) -> Self {
        Self::Listen { listener: listener.to_string(), source }
    }
}
