//! A chat in which everybody is present.

use phx_runtime::{
    prelude::*,
    server::Builder,
    testing::{self, ClientChannel},
};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Who {
    name: String,
}

pub(super) struct User {
    name: String,
}

#[socket("/socket", websocket, longpoll(window = "2s"), auth_token = true)]
#[channels(Room)]
impl User {
    #[connect]
    fn connect(who: Who, info: &ConnectInfo) -> Result<Self, ConnectError> {
        match info.auth_token() {
            Some("bad") => Err(ConnectError::new("a bad token")),
            _ => Ok(Self { name: who.name }),
        }
    }

    #[id]
    fn id(&self) -> String {
        format!("user:{}", self.name)
    }
}

pub(super) struct Room {
    name: String,
    heard: u32,
}

#[channel("room:*")]
impl Room {
    #[join]
    fn join(
        payload: Payload,
        topic: &Topic,
        user: &User,
        doors: State<Doors>,
    ) -> Result<Joined<Self>, JoinError> {
        if doors.are_closed(topic) {
            return Err(JoinError::new("closed"));
        }
        let joined = Joined::new(Self { name: user.name.clone(), heard: 0 });
        Ok(joined.reply(payload).then(()))
    }

    #[handle_info]
    fn after_join(&self, (): (), socket: &Socket, here: State<Presence>) -> Result<(), Fault> {
        here.track(socket, &self.name, json!({}))?;
        Ok(())
    }

    #[handle_in("say")]
    fn say(&mut self, text: String, socket: &Socket) -> Reply {
        self.heard += 1;
        socket.broadcast("said", json!({ "by": self.name, "text": text }));
        Reply::ok(json!({ "heard": self.heard }))
    }

    #[handle_in("bytes")]
    fn bytes(&self, bytes: Binary) -> Reply {
        Reply::ok(bytes)
    }

    #[handle_in("go")]
    fn go(&self) -> Reply {
        Reply::stop(Reason::Normal)
    }
}

/// Which rooms nobody gets into any more.
#[derive(Clone, Default)]
pub(super) struct Doors(std::sync::Arc<std::sync::Mutex<Vec<String>>>);

impl Doors {
    pub(super) fn close(&self, topic: &str) {
        self.0.lock().unwrap().push(topic.to_owned());
    }

    fn are_closed(&self, topic: &str) -> bool {
        self.0.lock().unwrap().iter().any(|closed| closed == topic)
    }
}

pub(super) fn builder() -> Builder {
    Endpoint::builder().socket::<User>().state(Presence::new()).state(Doors::default())
}

pub(super) fn endpoint() -> Endpoint {
    builder().build().unwrap()
}

pub(super) fn client<'a>(endpoint: &'a Endpoint, name: &str) -> testing::Connecting<'a, User> {
    testing::client::<User>(endpoint).params(json!({ "name": name }))
}

pub(super) fn present(endpoint: &Endpoint) -> Vec<String> {
    endpoint.state::<Presence>().unwrap().keys("room:1")
}

/// A client that has joined a room.
pub(super) async fn joined(endpoint: &Endpoint, name: &str) -> (testing::Client, ClientChannel) {
    let client = client(endpoint, name).connect().await.unwrap();
    let room = client.join("room:1", json!({})).await.unwrap();
    (client, room)
}
