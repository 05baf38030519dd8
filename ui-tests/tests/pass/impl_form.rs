//! A whole application on `impl` blocks; `module_form` is the same one on modules.

mod user_socket {
    use phx_runtime::{prelude::*, token::Token};
    use serde::Deserialize;

    use super::room_channel::{LobbyChannel, RoomChannel};
    use crate::app::{App, TWO_WEEKS, UserId};

    #[derive(Deserialize)]
    struct ConnectParams {
        token: String,
    }

    /// One connected browser tab.
    pub struct UserSocket {
        pub user_id: UserId,
    }

    #[socket("/socket", websocket, longpoll)]
    #[channels(LobbyChannel, RoomChannel)]
    impl UserSocket {
        #[connect]
        async fn connect(params: ConnectParams, app: State<App>) -> Result<Self, ConnectError> {
            let user_id = Token::verify(&app.secret, "user socket", &params.token, TWO_WEEKS)?;
            Ok(Self { user_id })
        }

        #[id]
        fn id(&self) -> String {
            format!("users_socket:{}", self.user_id)
        }
    }
}

mod room_channel {
    use std::collections::HashSet;

    use phx_runtime::prelude::*;
    use serde::Deserialize;

    use super::user_socket::UserSocket;
    use crate::app::{App, Message, RoomId, UserId, render_archive};

    pub struct LobbyChannel;

    #[channel("lobby")]
    impl LobbyChannel {
        #[join]
        fn join() -> Result<Self, JoinError> {
            Ok(Self)
        }
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

    /// One user in one room.
    pub struct RoomChannel {
        pub room_id: RoomId,
        pub user_id: UserId,
        pub muted: HashSet<UserId>,
    }

    #[channel("room:{room_id}", "dm:{room_id}")]
    impl RoomChannel {
        #[join]
        async fn join(
            room_id: RoomId,
            params: JoinParams,
            user: &UserSocket,
            app: State<App>,
        ) -> Result<Joined<Self>, JoinError> {
            if !app.may_enter(user.user_id, room_id).await {
                return Err(JoinError::new("unauthorized"));
            }
            let room = Self { room_id, user_id: user.user_id, muted: params.muted };
            Ok(Joined::new(room).reply(json!({ "room": room_id })).then(AfterJoin))
        }

        #[handle_info]
        fn after_join(
            &self,
            _: AfterJoin,
            socket: &Socket,
            presence: State<Presence>,
        ) -> Result<(), Fault> {
            presence.track(socket, self.user_id, json!({ "status": "online" }))?;
            socket.push("presence_state", presence.list(socket.topic()));
            Ok(())
        }

        /// Posts a message to everyone in the room.
        #[handle_in("new_msg")]
        pub async fn new_msg(&mut self, msg: NewMsg, socket: &Socket) -> Reply {
            tokio::task::yield_now().await;
            if msg.body.is_empty() {
                return Reply::error(json!({ "reason": "empty" }));
            }
            socket.broadcast("new_msg", Message { from: self.user_id, body: msg.body });
            Reply::ok(json!({ "room": self.room_id }))
        }

        #[handle_in("typing_start", "typing_stop")]
        fn typing(&self, _: Payload, event: Event, socket: &Socket) {
            socket.broadcast(&event, json!({ "user": self.user_id }));
        }

        #[handle_in("avatar")]
        fn avatar(&mut self, image: Binary) -> Reply {
            self.muted.clear();
            Reply::ok(json!({ "bytes": image.len() }))
        }

        #[handle_in("export")]
        fn export(&self, _: Payload, reply: ReplyRef, socket: &Socket) {
            let (me, room_id) = (socket.clone(), self.room_id);
            tokio::spawn(async move {
                let url = render_archive(room_id).await;
                me.notify(Exported { reply, url });
            });
        }

        #[handle_info]
        async fn exported(&mut self, done: Exported) {
            tokio::task::yield_now().await;
            done.reply.ok(json!({ "url": done.url }));
        }

        #[handle_in(_)]
        fn unknown(&self, _: Payload, event: Event) -> Reply {
            Reply::error(json!({ "reason": format!("no handler for {event}") }))
        }

        #[handle_out("new_msg")]
        fn hide_muted(&self, msg: Message, socket: &Socket) {
            if !self.muted.contains(&msg.from) {
                socket.push("new_msg", msg);
            }
        }

        #[terminate]
        fn bye(&mut self, reason: Reason) {
            tracing::debug!(?reason, room = %self.room_id, "left");
        }
    }
}

use phx_runtime::{
    Endpoint, Presence,
    channel::{Channel, Pattern},
    socket::SocketState,
    testing,
};

use self::{
    room_channel::{NewMsg, RoomChannel},
    user_socket::UserSocket,
};
use crate::{app::App, conversation};

#[test]
fn the_channel_says_what_it_serves() {
    let patterns = [Pattern::new("room:{room_id}"), Pattern::new("dm:{room_id}")];
    assert_eq!(RoomChannel::PATTERNS, patterns);
    assert_eq!(RoomChannel::INTERCEPTS, ["new_msg"]);
    assert_eq!(RoomChannel::topic(42), "room:42");
    assert_eq!(UserSocket { user_id: 7 }.id().as_deref(), Some("users_socket:7"));
}

#[test]
fn state_that_handlers_need_is_asked_for_when_the_endpoint_is_built() {
    let complete = Endpoint::builder().state(App::fake()).state(Presence::new());
    complete.socket::<UserSocket>().build().unwrap();
    let lacking = Endpoint::builder().state(App::fake()).socket::<UserSocket>();
    let error = lacking.build().unwrap_err().to_string();
    assert!(error.contains("RoomChannel::after_join"), "{error}");
    assert!(error.contains("Presence"), "{error}");
}

#[tokio::test]
async fn handlers_are_plain_methods() {
    let socket = testing::socket("room:42");
    let mut room = RoomChannel { room_id: 42, user_id: 7, muted: [].into() };
    assert!(room.new_msg(NewMsg { body: String::new() }, &socket).await.is_error());
    assert!(room.new_msg(NewMsg { body: "hi".into() }, &socket).await.is_ok());
}

#[tokio::test]
async fn clients_are_served() {
    let app = App::fake();
    let endpoint = Endpoint::builder().state(app.clone()).state(Presence::new());
    conversation::hold(endpoint.socket::<UserSocket>().build().unwrap(), &app).await;
}
