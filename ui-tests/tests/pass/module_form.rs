//! A whole application on modules; `impl_form` is the same one on `impl` blocks.

use phx_runtime::prelude::*;

#[socket("/socket", websocket, longpoll)]
#[channels(super::lobby::Lobby, super::room::Room)]
mod user_socket {
    use phx_runtime::{prelude::*, token::Token};
    use serde::Deserialize;

    use crate::app::{App, TWO_WEEKS, UserId};

    #[derive(Deserialize)]
    struct ConnectParams {
        token: String,
    }

    /// One connected browser tab.
    #[assigns]
    pub struct UserSocket {
        pub user_id: UserId,
    }

    #[connect]
    async fn connect(params: ConnectParams, app: State<App>) -> Result<UserSocket, ConnectError> {
        let user_id = Token::verify(&app.secret, "user socket", &params.token, TWO_WEEKS)?;
        Ok(UserSocket { user_id })
    }

    #[id]
    fn id(socket: &UserSocket) -> String {
        format!("users_socket:{}", socket.user_id)
    }
}

#[channel("lobby")]
mod lobby {
    use phx_runtime::prelude::*;

    #[assigns]
    pub struct Lobby;

    #[join]
    fn join() -> Result<Lobby, JoinError> {
        Ok(Lobby)
    }
}

#[channel("room:{room_id}", "dm:{room_id}")]
mod room {
    use std::collections::HashSet;

    use phx_runtime::prelude::*;
    use serde::Deserialize;

    use super::user_socket::UserSocket;
    use crate::app::{App, Message, RoomId, UserId, render_archive};

    /// One user in one room.
    #[assigns]
    pub struct Room {
        pub room_id: RoomId,
        pub user_id: UserId,
        pub muted: HashSet<UserId>,
    }

    #[derive(Deserialize)]
    struct JoinParams {
        #[serde(default)]
        muted: HashSet<UserId>,
    }

    #[derive(Deserialize)]
    pub struct NewMsg {
        pub body: String,
    }

    struct AfterJoin;

    struct Exported {
        reply: ReplyRef,
        url: String,
    }

    #[join]
    async fn join(
        room_id: RoomId,
        params: JoinParams,
        user: &UserSocket,
        app: State<App>,
    ) -> Result<Joined<Room>, JoinError> {
        if !app.may_enter(user.user_id, room_id).await {
            return Err(JoinError::new("unauthorized"));
        }
        let room = Room { room_id, user_id: user.user_id, muted: params.muted };
        Ok(Joined::new(room).reply(json!({ "room": room_id })).then(AfterJoin))
    }

    #[handle_info]
    fn after_join(
        room: &Room,
        _: AfterJoin,
        socket: &Socket,
        presence: State<Presence>,
    ) -> Result<(), Fault> {
        presence.track(socket, room.user_id, json!({ "status": "online" }))?;
        socket.push("presence_state", presence.list(socket.topic()));
        Ok(())
    }

    /// Posts a message to everyone in the room.
    #[handle_in("new_msg")]
    pub async fn new_msg(room: &mut Room, msg: NewMsg, socket: &Socket) -> Reply {
        tokio::task::yield_now().await;
        if msg.body.is_empty() {
            return Reply::error(json!({ "reason": "empty" }));
        }
        socket.broadcast("new_msg", Message { from: room.user_id, body: msg.body });
        Reply::ok(json!({ "room": room.room_id }))
    }

    #[handle_in("typing_start", "typing_stop")]
    fn typing(room: &Room, _: Payload, event: Event, socket: &Socket) {
        socket.broadcast(&event, json!({ "user": room.user_id }));
    }

    #[handle_in("avatar")]
    fn avatar(room: &mut Room, image: Binary) -> Reply {
        room.muted.clear();
        Reply::ok(json!({ "bytes": image.len() }))
    }

    #[handle_in("export")]
    fn export(room: &Room, _: Payload, reply: ReplyRef, socket: &Socket) {
        let (me, room_id) = (socket.clone(), room.room_id);
        tokio::spawn(async move {
            let url = render_archive(room_id).await;
            me.notify(Exported { reply, url });
        });
    }

    #[handle_info]
    async fn exported(_room: &mut Room, done: Exported) {
        tokio::task::yield_now().await;
        done.reply.ok(json!({ "url": done.url }));
    }

    #[handle_in(_)]
    fn unknown(_room: &Room, _: Payload, event: Event) -> Reply {
        Reply::error(json!({ "reason": format!("no handler for {event}") }))
    }

    #[handle_out("new_msg")]
    fn hide_muted(room: &Room, msg: Message, socket: &Socket) {
        if !room.muted.contains(&msg.from) {
            socket.push("new_msg", msg);
        }
    }

    #[terminate]
    fn bye(room: &mut Room, reason: Reason) {
        tracing::debug!(?reason, room = %room.room_id, "left");
    }
}

use phx_runtime::{
    channel::{Channel, Pattern},
    socket::SocketState,
    testing,
};

use self::{
    room::{NewMsg, Room},
    user_socket::UserSocket,
};
use crate::{app::App, conversation};

#[test]
fn the_channel_says_what_it_serves() {
    let patterns = [Pattern::new("room:{room_id}"), Pattern::new("dm:{room_id}")];
    assert_eq!(Room::PATTERNS, patterns);
    assert_eq!(Room::INTERCEPTS, ["new_msg"]);
    assert_eq!(Room::topic(42), "room:42");
    assert_eq!(UserSocket { user_id: 7 }.id().as_deref(), Some("users_socket:7"));
}

#[test]
fn state_that_handlers_need_is_asked_for_when_the_endpoint_is_built() {
    let complete = Endpoint::builder().state(App::fake()).state(Presence::new());
    complete.socket::<UserSocket>().build().unwrap();
    let lacking = Endpoint::builder().state(App::fake()).socket::<UserSocket>();
    let error = lacking.build().unwrap_err().to_string();
    assert!(error.contains("Room::after_join"), "{error}");
    assert!(error.contains("Presence"), "{error}");
}

#[tokio::test]
async fn handlers_are_plain_functions() {
    let socket = testing::socket("room:42");
    let mut state = Room { room_id: 42, user_id: 7, muted: [].into() };
    let empty = NewMsg { body: String::new() };
    assert!(room::new_msg(&mut state, empty, &socket).await.is_error());
    let full = NewMsg { body: "hi".into() };
    assert!(room::new_msg(&mut state, full, &socket).await.is_ok());
}

#[tokio::test]
async fn clients_are_served() {
    let app = App::fake();
    let endpoint = Endpoint::builder().state(app.clone()).state(Presence::new());
    conversation::hold(endpoint.socket::<UserSocket>().build().unwrap(), &app).await;
}
