//! Tells clients what the server knows of their connection.

use phx_runtime::prelude::*;
use serde::Serialize;
use serde_json::Value;

/// What a connection was made with.
#[derive(Clone, Serialize)]
pub(crate) struct Remembered {
    pub(crate) connect_info: Value,
    pub(crate) params: Value,
    /// These sockets have no id.
    pub(crate) id: (),
}

pub(crate) struct InfoChannel;

#[channel("info:*")]
impl InfoChannel {
    #[join]
    async fn join(_: Payload, remembered: Remembered) -> Result<Joined<Self>, JoinError> {
        Ok(Joined::new(Self).reply(remembered))
    }
}
