//! The list of rooms.

use phx_runtime::prelude::*;

use crate::rooms::Rooms;

/// Somebody who sees the list.
pub struct LobbyChannel;

struct AfterJoin;

#[channel("lobby")]
impl LobbyChannel {
    #[join]
    fn join() -> Result<Joined<Self>, JoinError> {
        Ok(Joined::new(Self).then(AfterJoin))
    }

    #[handle_info]
    fn after_join(&self, _: AfterJoin, socket: &Socket, rooms: State<Rooms>) {
        if let Some(node) = socket.endpoint().node() {
            socket.push("node", json!({ "name": node.name() }));
        }
        rooms.list(|list| socket.push("rooms", json!({ "rooms": list })));
    }
}
