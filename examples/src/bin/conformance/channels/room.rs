//! A chat room that shows who came in over what.

use phx_runtime::{Binary, Fault, prelude::*};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    assigns::Assigns,
    values::{Raw, field, with},
};

pub(crate) struct RoomChannel {
    assigns: Map<String, Value>,
}

/// Sent to the channel by its own join.
struct AfterJoin {
    user: Raw,
}

#[derive(Serialize)]
struct UserEntered {
    user: Raw,
}

#[channel("room:*")]
impl RoomChannel {
    #[join]
    async fn join(params: Payload, assigns: Assigns) -> Result<Joined<Self>, JoinError> {
        let room = Self { assigns: assigns.0 };
        Ok(Joined::new(room).then(AfterJoin { user: field(&params, "user") }))
    }

    #[handle_info]
    async fn after_join(&self, AfterJoin { user }: AfterJoin, socket: &Socket) {
        socket.broadcast("user_entered", UserEntered { user });
        let mut joined = self.assigns.clone();
        joined.insert("status".into(), "connected".into());
        socket.push("joined", joined);
    }

    #[handle_in("new_msg")]
    async fn new_msg(&mut self, message: Payload, socket: &Socket) -> Reply {
        socket.broadcast("new_msg", message);
        Reply::ack()
    }

    #[handle_in("binary_event")]
    async fn binary_event(&mut self, bytes: Binary, socket: &Socket) -> Reply {
        socket.push("binary_event", Binary::from(vec![0, 1]));
        Reply::ok(Binary::from([&*bytes, &[3, 4]].concat()))
    }

    #[handle_in("boom")]
    async fn boom(&mut self, _: Payload) {
        panic!("boom");
    }

    #[handle_out("new_msg")]
    async fn show_transport(&self, message: Payload, socket: &Socket) -> Result<(), Fault> {
        socket.push("new_msg", with(message, "transport", socket.transport().as_str())?);
        Ok(())
    }

    #[terminate]
    async fn bye(&mut self, socket: &Socket) {
        socket.push("you_left", json!({ "message": "bye!" }));
    }
}
