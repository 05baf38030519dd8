//! A room: whoever is in it hears what is said.

use phx_runtime::prelude::*;
use serde::{Deserialize, Serialize};

/// One guest in one room.
pub struct Room {
    name: String,
}

#[derive(Deserialize)]
struct Welcome {
    #[serde(default = "nobody")]
    name: String,
}

fn nobody() -> String {
    "somebody".to_owned()
}

#[derive(Deserialize, Serialize)]
struct Said {
    body: String,
}

#[channel("room:{room}")]
impl Room {
    #[join]
    fn join(room: String, welcome: Welcome) -> Result<Self, JoinError> {
        if room == "closed" {
            return Err(JoinError::new("this room is closed"));
        }
        Ok(Self { name: welcome.name })
    }

    #[handle_in("new_msg")]
    fn new_msg(&self, said: Said, socket: &Socket) -> Reply {
        socket.broadcast("new_msg", json!({ "from": self.name, "body": said.body }));
        Reply::ok(said)
    }

    /// Pushes to this client alone.
    #[handle_in("who_am_i")]
    fn who_am_i(&self, _: Payload, socket: &Socket) {
        socket.push("you_are", json!({ "name": self.name }));
    }

    /// Sends bytes back, which some protocols have.
    #[handle_in("picture")]
    fn picture(&self, picture: Binary) -> Reply {
        Reply::ok(picture)
    }

    #[handle_in("crash")]
    fn crash(&self, _: Payload) {
        panic!("told to");
    }

    #[terminate]
    fn terminate(&self, _: Reason, socket: &Socket) {
        socket.broadcast_from("user_left", json!({ "name": self.name }));
    }
}
