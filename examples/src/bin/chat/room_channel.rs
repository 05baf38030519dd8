//! One person in one room.

use phx_runtime::prelude::*;
use serde::Deserialize;

use crate::{
    announce::announce,
    mirror::tell,
    rooms::Rooms,
    user::UserSocket,
    words::{Change, Person},
};

const NAME_LENGTH: usize = 32;
const BODY_LENGTH: usize = 2000;

#[derive(Deserialize)]
struct JoinParams {
    name: String,
}

#[derive(Deserialize)]
struct NewMsg {
    body: String,
}

#[derive(Deserialize)]
struct Typing {
    typing: bool,
}

struct AfterJoin;

pub struct RoomChannel {
    room: String,
    me: Person,
}

#[channel("room:{room}")]
impl RoomChannel {
    #[join]
    fn join(
        room: String,
        params: JoinParams,
        user: &UserSocket,
        rooms: State<Rooms>,
    ) -> Result<Joined<Self>, JoinError> {
        if !is_room_name(&room) {
            return Err(JoinError::new("bad room name"));
        }
        let name = params.name.trim().to_owned();
        if name.is_empty() {
            return Err(JoinError::new("empty name"));
        }
        if name.chars().count() > NAME_LENGTH {
            return Err(JoinError::new("name too long"));
        }
        let me = Person { id: user.id, name };
        let (people, messages) = rooms.enter(&room, me.clone());
        let reply = json!({ "you": me.id, "people": people, "messages": messages });
        Ok(Joined::new(Self { room, me }).reply(reply).then(AfterJoin))
    }

    #[handle_info]
    fn after_join(&self, _: AfterJoin, socket: &Socket, rooms: State<Rooms>) {
        socket.broadcast_from("user_joined", &self.me);
        let (room, person) = (self.room.clone(), self.me.clone());
        tell(socket.endpoint(), Change::Entered { room, person });
        announce(socket.endpoint(), &rooms);
    }

    /// Says something to everybody in the room.
    #[handle_in("new_msg")]
    fn new_msg(&self, msg: NewMsg, socket: &Socket, rooms: State<Rooms>) -> Reply {
        let body = msg.body.trim();
        if body.is_empty() {
            return Reply::error(json!({ "reason": "empty" }));
        }
        if body.chars().count() > BODY_LENGTH {
            return Reply::error(json!({ "reason": "too long" }));
        }
        let message = rooms.say(&self.room, self.me.clone(), body.to_owned());
        socket.broadcast("new_msg", &message);
        let id = message.id;
        tell(socket.endpoint(), Change::Said { room: self.room.clone(), message });
        Reply::ok(json!({ "id": id }))
    }

    #[handle_in("typing")]
    fn typing(&self, typing: Typing, socket: &Socket) {
        let Person { id, name } = &self.me;
        socket.broadcast_from("typing", json!({ "id": id, "name": name, "typing": typing.typing }));
    }

    /// Shows that a panic ends this channel alone: the client joins again by itself.
    #[handle_in("crash")]
    fn crash(&self) {
        panic!("{} wanted to see what happens", self.me.name);
    }

    /// Shows how a connection is cut from the server's side: the client comes back by itself.
    #[handle_in("disconnect")]
    fn disconnect(&self, _: Payload, socket: &Socket) {
        if let Some(id) = socket.id() {
            socket.endpoint().disconnect(id);
        }
    }

    #[terminate]
    fn leave(&self, _: Reason, socket: &Socket, rooms: State<Rooms>) {
        rooms.leave(&self.room, self.me.id);
        socket.broadcast_from("user_left", &self.me);
        tell(socket.endpoint(), Change::Left { room: self.room.clone(), person: self.me.id });
        announce(socket.endpoint(), &rooms);
    }
}

/// Lower-case letters, digits and dashes.
fn is_room_name(room: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    room.len() <= 32 && room.chars().all(allowed)
}
