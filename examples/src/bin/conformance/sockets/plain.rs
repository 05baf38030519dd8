//! Sockets that let everybody in.

use phx_runtime::{channel::Pattern, prelude::*};

use crate::{
    assigns::{Assigns, GivesAssigns},
    channels::{EchoChannel, RoomChannel},
};

/// Mounted in many places, to try their options.
pub(crate) struct PlainSocket;

#[socket("/origin/default", websocket)]
#[channels(EchoChannel)]
impl PlainSocket {
    #[connect]
    async fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

/// Told to go elsewhere one by one.
pub(crate) struct DrainSocket;

#[socket(
    "/drain",
    websocket(check_origin = false),
    longpoll(window = "2s", check_origin = false),
    drainer(batch_size = 1, batch_interval = "300ms")
)]
#[channels(EchoChannel, RoomChannel)]
impl DrainSocket {
    #[connect]
    async fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

impl GivesAssigns for DrainSocket {
    fn assigns(&self, _: Pattern) -> Assigns {
        [].into()
    }
}
