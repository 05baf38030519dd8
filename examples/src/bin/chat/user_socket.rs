//! Who is connected.

use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

use phx_runtime::prelude::*;

use crate::{lobby_channel::LobbyChannel, room_channel::RoomChannel, rooms::now};

/// Ids begin with the time of the start: tabs that outlive the server remember theirs, and nobody
/// else may get one of them.
static NEXT_ID: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(now()));

/// One browser tab.
pub struct UserSocket {
    pub id: u64,
}

#[socket("/socket", websocket(check_origin = "conn"), longpoll(check_origin = "conn"))]
#[channels(LobbyChannel, RoomChannel)]
impl UserSocket {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self { id: NEXT_ID.fetch_add(1, Ordering::Relaxed) })
    }

    /// What `endpoint.disconnect(..)` knows the tab by.
    #[id]
    fn id(&self) -> String {
        format!("user:{}", self.id)
    }
}
