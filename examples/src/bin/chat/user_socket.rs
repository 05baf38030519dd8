//! What a browser tab connects to, and which channels it can join there.

use phx_runtime::prelude::*;

use crate::{lobby_channel::LobbyChannel, room_channel::RoomChannel, user::UserSocket};

#[socket("/socket", websocket(check_origin = "conn"), longpoll(check_origin = "conn"))]
#[channels(LobbyChannel, RoomChannel)]
impl UserSocket {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self::new())
    }

    /// What `endpoint.disconnect(..)` knows the tab by.
    #[id]
    fn id(&self) -> String {
        format!("user:{}", self.id)
    }
}
