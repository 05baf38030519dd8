//! What the two forms of one program share.

use std::time::Duration;

use phx_runtime::{
    Endpoint,
    token::{Secret, Token},
};
use serde::{Deserialize, Serialize};

pub type UserId = u64;
pub type RoomId = u64;

pub const TWO_WEEKS: Duration = Duration::from_secs(14 * 24 * 3_600);

#[derive(Clone)]
pub struct App {
    pub secret: Secret,
    pub closed: Vec<RoomId>,
}

impl App {
    pub fn fake() -> Self {
        Self { secret: Secret::from("a secret of more than twenty bytes"), closed: vec![0] }
    }

    pub fn token(&self, user_id: UserId) -> String {
        Token::sign(&self.secret, "user socket", &user_id).unwrap()
    }

    pub async fn may_enter(&self, _: UserId, room_id: RoomId) -> bool {
        tokio::task::yield_now().await;
        !self.closed.contains(&room_id)
    }
}

pub async fn render_archive(room_id: RoomId) -> String {
    tokio::task::yield_now().await;
    format!("/archive/{room_id}")
}

#[derive(Serialize, Deserialize)]
pub struct Message {
    pub from: UserId,
    pub body: String,
}

/// Serves an endpoint on a free port until the test ends; returns the socket's address.
pub async fn serve(endpoint: Endpoint) -> String {
    let server = endpoint.bind(([127, 0, 0, 1], 0)).await.unwrap();
    let url = format!("ws://{}/socket/websocket?vsn=2.0.0", server.address());
    tokio::spawn(server.stop_on(std::future::pending()).run(endpoint.routes()));
    url
}
