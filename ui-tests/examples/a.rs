use phx_runtime::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

type UserId = u64;
type RoomId = u64;

#[derive(Clone)]
pub struct App;

#[derive(Clone)]
pub struct Presence;
impl Presence {
    fn track(&self, _: &Socket, _: u64) {}
}

#[derive(Deserialize)]
struct ConnectParams {
    token: String,
}

/// One connected browser tab.
pub struct UserSocket {
    pub user_id: UserId,
}

#[socket(
    "/socket",
    websocket(timeout = "45s", check_origin("https://a.com")),
    longpoll,
    max_channels = 20
)]
#[channels(LobbyChannel, "admin:{room_id}" => RoomChannel, RoomChannel)]
impl UserSocket {
    #[connect]
    async fn connect(params: ConnectParams, app: State<App>) -> Result<Self, ConnectError> {
        let _ = app;
        Ok(Self { user_id: params.token.len() as u64 })
    }

    #[id]
    fn id(&self) -> String {
        format!("users_socket:{}", self.user_id)
    }
}

pub struct LobbyChannel;
#[channel("lobby")]
impl LobbyChannel {
    #[join]
    async fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

#[derive(Deserialize)]
struct JoinParams {
    #[serde(default)]
    muted: HashSet<UserId>,
}

#[derive(Deserialize)]
struct NewMsg {
    body: String,
}

#[derive(Serialize, Deserialize)]
struct Message {
    from: UserId,
    body: String,
}

struct AfterJoin;

struct Exported {
    reply: ReplyRef,
    url: String,
}

/// One user in one room.
pub struct RoomChannel {
    room_id: RoomId,
    user_id: UserId,
    muted: HashSet<UserId>,
}

#[channel("room:{room_id}", "dm:{room_id}", log_join = "debug")]
impl RoomChannel {
    #[join]
    async fn join(
        room_id: RoomId,
        params: JoinParams,
        user: &UserSocket,
        app: State<App>,
    ) -> Result<Joined<Self>, JoinError> {
        let _ = app;
        let room = Self { room_id, user_id: user.user_id, muted: params.muted };
        Ok(Joined::new(room).reply(json!({ "room": room_id })).then(AfterJoin))
    }

    #[handle_info]
    async fn after_join(&mut self, _: AfterJoin, socket: &Socket, presence: State<Presence>) {
        presence.track(socket, self.user_id);
        socket.push("presence_state", json!({}));
    }

    /// Posts a message to everyone in the room.
    #[handle_in("new_msg")]
    async fn new_msg(&mut self, msg: NewMsg, socket: &Socket) -> Reply {
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
    async fn avatar(&mut self, image: Binary) -> Reply {
        Reply::ok(json!({ "bytes": image.len() }))
    }

    #[handle_in("export")]
    async fn export(&self, _: Payload, reply: ReplyRef, socket: &Socket) {
        let me = socket.clone();
        tokio::spawn(async move {
            me.notify(Exported { reply, url: String::new() });
        });
    }

    #[handle_info]
    async fn exported(&mut self, done: Exported) {
        done.reply.ok(json!({ "url": done.url }));
    }

    #[handle_in(_)]
    async fn unknown(&self, _: Payload, event: Event) -> Reply {
        Reply::error(json!({ "reason": format!("no handler for {event}") }))
    }

    #[handle_out("new_msg")]
    async fn hide_muted(&self, msg: Message, socket: &Socket) {
        if !self.muted.contains(&msg.from) {
            socket.push("new_msg", msg);
        }
    }

    #[terminate]
    async fn bye(&mut self, reason: Reason) {
        let _ = (reason, self.room_id);
    }
}

fn main() {
    let e = Endpoint::builder().state(App).state(Presence).socket::<UserSocket>().build();
    assert!(e.is_ok());
    assert_eq!(&*RoomChannel::topic(7), "room:7");
    assert_eq!(&*RoomChannel::topic(&7), "room:7");
}
