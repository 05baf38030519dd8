//! A room for long-polling clients. It is written as a module, unlike the others.

use phx_runtime::channel;

pub(crate) use self::room::RoomLpChannel;

#[channel("room:*")]
pub(crate) mod room {
    use phx_runtime::{Binary, Fault, prelude::*};
    use serde::Serialize;
    use serde_json::{Map, Value};

    use crate::{
        assigns::Assigns,
        values::{Raw, field, with},
    };

    #[assigns]
    pub(crate) struct RoomLpChannel {
        assigns: Map<String, Value>,
    }

    struct AfterJoin {
        user: Raw,
    }

    #[derive(Serialize)]
    struct UserEntered {
        user: Raw,
    }

    #[join]
    async fn join(params: Payload, assigns: Assigns) -> Result<Joined<RoomLpChannel>, JoinError> {
        let room = RoomLpChannel { assigns: assigns.0 };
        Ok(Joined::new(room).then(AfterJoin { user: field(&params, "user") }))
    }

    #[handle_info]
    async fn after_join(room: &RoomLpChannel, AfterJoin { user }: AfterJoin, socket: &Socket) {
        socket.broadcast("user_entered", UserEntered { user });
        let mut joined = room.assigns.clone();
        joined.insert("status".into(), "connected".into());
        socket.push("joined", joined);
    }

    #[handle_in("new_msg")]
    async fn new_msg(_room: &RoomLpChannel, message: Payload, socket: &Socket) {
        socket.broadcast("new_msg", message);
    }

    #[handle_in("bin")]
    async fn bin(_room: &RoomLpChannel, _: Binary, socket: &Socket) {
        socket.broadcast("bin_ack", json!({}));
    }

    #[handle_in("boom")]
    async fn boom(_room: &RoomLpChannel, _: Payload) {
        panic!("boom");
    }

    #[handle_out("new_msg", "bin_ack")]
    async fn show_transport(
        _room: &RoomLpChannel,
        message: Payload,
        event: Event,
        socket: &Socket,
    ) -> Result<(), Fault> {
        socket.push(&event, with(message, "transport", socket.transport().as_str())?);
        Ok(())
    }
}
