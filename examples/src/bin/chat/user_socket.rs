//! Who is connected.

use std::sync::atomic::{AtomicU64, Ordering};

use phx_runtime::prelude::*;

use crate::{lobby_channel::LobbyChannel, room_channel::RoomChannel};

/// One browser tab.
pub struct UserSocket {
    pub id: u64,
}

#[socket("/socket", websocket(check_origin = "conn"), longpoll(check_origin = "conn"))]
#[channels(LobbyChannel, RoomChannel)]
impl UserSocket {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        static CONNECTIONS: AtomicU64 = AtomicU64::new(1);
        Ok(Self { id: CONNECTIONS.fetch_add(1, Ordering::Relaxed) })
    }

    /// What `endpoint.disconnect(..)` knows the tab by.
    #[id]
    fn id(&self) -> String {
        format!("user:{}", self.id)
    }
}
