//! A room in which everybody is present under the name that was given when connecting.

use phx_runtime::{prelude::*, testing::Client};
use serde::Deserialize;

pub(crate) struct Guest {
    name: String,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[socket("/socket", websocket)]
#[channels(Room)]
impl Guest {
    #[connect]
    fn connect(params: Named) -> Result<Self, ConnectError> {
        Ok(Self { name: params.name })
    }

    #[id]
    fn id(&self) -> String {
        format!("users_socket:{}", self.name)
    }
}

impl Guest {
    pub(crate) async fn named(endpoint: &Endpoint, name: &str) -> Client {
        phx_runtime::testing::connect::<Self>(endpoint, json!({ "name": name })).await.unwrap()
    }
}

struct Room {
    name: String,
}

struct AfterJoin;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(_: Payload, guest: &Guest) -> Result<Joined<Self>, JoinError> {
        Ok(Joined::new(Self { name: guest.name.clone() }).then(AfterJoin))
    }

    #[handle_info]
    fn after_join(
        &self,
        _: AfterJoin,
        socket: &Socket,
        presence: State<Presence>,
    ) -> Result<(), Fault> {
        presence.track(socket, &self.name, json!({ "version": 1 }))?;
        socket.push("presence_state", presence.list(socket.topic()));
        Ok(())
    }

    #[handle_in("update")]
    fn update(
        &self,
        version: u32,
        socket: &Socket,
        presence: State<Presence>,
    ) -> Result<(), Fault> {
        presence.update(socket, &self.name, json!({ "version": version }))?;
        Ok(())
    }
}
