//! Telling the lobby.

use phx_runtime::prelude::*;

use crate::rooms::Rooms;

/// The lobby's topic.
pub const LOBBY: &str = "lobby";

/// Tells everybody in the lobby who is where now. Every node tells its own clients.
pub fn announce(endpoint: &Endpoint, rooms: &Rooms) {
    rooms.list(|list| endpoint.broadcast_local(LOBBY, "rooms", json!({ "rooms": list })));
}
