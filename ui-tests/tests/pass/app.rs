//! The application that the two forms of one program share.

use phx_runtime::{Socket, Topic, json};
use serde::{Deserialize, Serialize};

pub type UserId = u64;
pub type RoomId = u64;

#[derive(Clone, Default)]
pub struct App {
    pub closed: Vec<RoomId>,
}

impl App {
    pub async fn may_enter(&self, _: UserId, room_id: RoomId) -> bool {
        tokio::task::yield_now().await;
        !self.closed.contains(&room_id)
    }

    pub fn user(&self, token: &str) -> Option<UserId> {
        token.parse().ok().filter(|_| self.closed.len() < 100)
    }
}

#[derive(Clone, Default)]
pub struct Presence;

impl Presence {
    #[expect(clippy::unused_self, reason = "stands for a service with state")]
    pub fn list(&self, topic: &Topic) -> serde_json::Value {
        json!({ "topic": topic.as_str() })
    }

    #[expect(clippy::unused_self, reason = "stands for a service with state")]
    pub fn track(&self, socket: &Socket, user_id: UserId) {
        socket.push("tracked", json!({ "user": user_id }));
    }
}

#[derive(Serialize, Deserialize)]
pub struct Message {
    pub from: UserId,
    pub body: String,
}
