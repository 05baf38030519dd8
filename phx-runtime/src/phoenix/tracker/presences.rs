//! The presences of this process, as a tracker needs them.

use std::sync::Arc;

use super::{seen::Change, shards::Shards};

/// Where clients see who is present.
pub(crate) trait Presences: Send + Sync {
    /// Shows what became of presences of other replicas.
    fn show(&self, changes: Vec<Change>);

    /// From now on what becomes of the presences of this process is written to `own`.
    fn write_to(&self, own: Arc<Shards>);
}
