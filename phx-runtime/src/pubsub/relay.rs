//! Who tells other nodes of a broadcast.

use super::broadcast::Broadcast;
use crate::message::EncodeError;

/// Carries broadcasts that are made on this node to all others.
pub(crate) trait Relay: Send + Sync {
    /// Takes a message to be sent, in the order of the calls. It neither blocks nor waits.
    ///
    /// # Errors
    ///
    /// The message can never be sent. One that is lost on its way is no error.
    fn relay(&self, broadcast: &Broadcast) -> Result<(), EncodeError>;
}
