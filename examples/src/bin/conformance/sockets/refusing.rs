//! A socket that says no in a way that pages can read.

use phx_runtime::prelude::*;

use crate::channels::EchoChannel;

/// Refuses a client that asks for it, with the `status` and the `text` of its parameters, and messages
/// that come too quickly.
pub(crate) struct RefusingSocket;

#[socket(
    "/refusing",
    websocket(check_origin = false, refuse_by_close = true),
    max_rate(per_second = 5, burst = 1)
)]
#[channels(EchoChannel)]
impl RefusingSocket {
    #[connect]
    async fn connect(params: Params) -> Result<Self, ConnectError> {
        match params.get("status").map(str::parse) {
            None => Ok(Self),
            Some(Ok(status)) => {
                let text = params.get("text").unwrap_or_default();
                Err(ConnectError::new("told to refuse").status(status).body(text))
            }
            Some(Err(_)) => Err(Fault::new("no status").into()),
        }
    }
}
