//! A room in which everybody hears what anybody says; what the example programs serve.

use phx_runtime::{Endpoint, options::CustomOptions, server::BuildError};

/// An endpoint with the room, at `/socket`, open to other transports.
///
/// # Errors
///
/// Building it fails.
pub fn endpoint() -> Result<Endpoint, BuildError> {
    let builder = Endpoint::builder();
    builder.socket_with::<user::User>(|mount| mount.custom(CustomOptions::new())).build()
}

#[phx_runtime::socket("/socket", websocket)]
#[channels(super::room::Room)]
mod user {
    use phx_runtime::prelude::*;

    #[assigns]
    pub(super) struct User;

    #[connect]
    fn connect() -> Result<User, ConnectError> {
        Ok(User)
    }
}

#[phx_runtime::channel("room:*")]
#[expect(clippy::module_inception, reason = "the channel is the room")]
mod room {
    use phx_runtime::prelude::*;

    #[assigns]
    pub(super) struct Room;

    #[join]
    fn join(_: Payload) -> Result<Room, JoinError> {
        Ok(Room)
    }

    #[handle_in("say")]
    fn say(_: &Room, said: Payload, socket: &Socket) -> Reply {
        socket.broadcast("said", said);
        Reply::ack()
    }
}
