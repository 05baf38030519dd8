//! How much waits for a channel that is busy, or for a connection that does not get to it.

use std::{net::SocketAddr, sync::Arc};

use phx_runtime::prelude::*;
use tokio::sync::Semaphore;

use crate::support::{
    clock::{time_until, until},
    everybody::{Open, User},
    raw_client::RawClient,
    server::serve,
};

/// Lets handlers go on that wait.
type Gate = Arc<Semaphore>;

/// Counts those who have a copy of it.
type Counted = Arc<()>;

struct Letter(#[expect(dead_code, reason = "it is counted")] Counted);

struct Room;

impl Open for Room {}

#[channel("room:*", log_join = false, log_handle_in = false)]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("wait")]
    async fn wait(&self, _: Payload, gate: State<Gate>) -> Reply {
        // The gate is never closed.
        let _ = gate.acquire().await;
        Reply::ack()
    }

    #[handle_in("ack")]
    fn ack(&self, _: Payload) -> Reply {
        Reply::ack()
    }

    #[handle_in("tell")]
    fn tell(&self, letters: usize, socket: &Socket, counted: State<Counted>) -> Reply {
        for _ in 0..letters {
            socket.notify(Letter(counted.0.clone()));
        }
        Reply::ack()
    }

    #[handle_info]
    fn letter(&self, _: Letter) {}

    #[handle_out("secret")]
    fn secret(&self, _: Payload) {}
}

struct Server {
    endpoint: Endpoint,
    at: SocketAddr,
    gate: Gate,
    counted: Counted,
}

impl Server {
    async fn start() -> Self {
        let (gate, counted) = (Arc::new(Semaphore::new(0)), Arc::new(()));
        let endpoint = Endpoint::builder().state(gate.clone()).state(counted.clone());
        let endpoint = endpoint.socket::<User<Room>>().build().unwrap();
        let at = serve(&endpoint).await;
        Self { endpoint, at, gate, counted }
    }

    async fn joined(&self, topic: &str) -> RawClient {
        RawClient::joined(self.at, topic).await
    }

    /// Everybody has gone, and nothing that was sent to them is kept.
    async fn is_empty(&self) {
        time_until(until(|| self.endpoint.connections() == 0)).await;
        assert_eq!(self.endpoint.subscribers("room:a"), 0);
        // The endpoint's and ours.
        assert_eq!(Arc::strong_count(&self.counted), 2);
    }
}

const HEARTBEAT: &str = r#"[null,"beat","phoenix","heartbeat",{}]"#;

/// The ref of the next answer.
async fn answered(client: &mut RawClient) -> String {
    client.hear().await[1].as_str().unwrap().to_owned()
}

/// A client whose handler waits, behind which `fit` messages may wait before it is read no more.
async fn is_read_until(fit: usize, message: &str) {
    let server = Server::start().await;
    let mut bystander = server.joined("room:b").await;
    let mut client = server.joined("room:a").await;
    client.send_text(r#"["1","wait","room:a","wait",{}]"#).await;
    for _ in 1..fit {
        client.send_text(message).await;
    }
    client.send_text(HEARTBEAT).await;
    assert_eq!(answered(&mut client).await, "beat");
    client.send_text(message).await;
    client.send_text(HEARTBEAT).await;
    // All that reaches the server meanwhile would be read, if any of it were.
    for _ in 0..20 {
        bystander.send_text(HEARTBEAT).await;
        assert_eq!(answered(&mut bystander).await, "beat");
    }
    server.gate.add_permits(1);
    assert_eq!(answered(&mut client).await, "wait");
    let mut behind = Vec::new();
    for _ in 0..=fit {
        behind.push(answered(&mut client).await);
    }
    assert_eq!(behind.iter().filter(|reference| *reference == "ack").count(), fit);
    assert!(behind.contains(&"beat".to_owned()));
    drop((client, bystander));
    server.is_empty().await;
}

#[tokio::test]
async fn behind_a_thousand_messages_that_wait_nothing_is_read_until_one_is_handled() {
    is_read_until(1000, r#"["1","ack","room:a","ack",{}]"#).await;
}

#[tokio::test]
async fn behind_a_mebibyte_that_waits_nothing_is_read_until_some_is_handled() {
    let begin = r#"["1","ack","room:a","ack",""#;
    let message = format!("{begin}{}\"]", "x".repeat(64 * 1024 - begin.len() - 2));
    assert_eq!(message.len(), 1 << 16);
    is_read_until(16, &message).await;
}

#[tokio::test]
async fn a_letter_more_than_a_connection_may_be_told_at_once_closes_it_and_none_is_kept() {
    let server = Server::start().await;
    let mut client = server.joined("room:a").await;
    client.send_text(r#"["1","all","room:a","tell",16384]"#).await;
    assert_eq!(answered(&mut client).await, "all");
    client.send_text(HEARTBEAT).await;
    assert_eq!(answered(&mut client).await, "beat");
    assert_eq!(Arc::strong_count(&server.counted), 2, "all of them were handled");
    client.send_text(r#"["1","more","room:a","tell",16385]"#).await;
    assert_eq!(client.closed_with().await, Some(1013));
    drop(client);
    server.is_empty().await;
}

#[tokio::test]
async fn a_broadcast_more_than_may_wait_for_a_busy_handler_closes_and_none_is_kept() {
    let server = Server::start().await;
    let mut client = server.joined("room:a").await;
    client.send_text(r#"["1","wait","room:a","wait",{}]"#).await;
    client.send_text(HEARTBEAT).await;
    assert_eq!(answered(&mut client).await, "beat", "it is busy by now");
    let broadcasts = |count| {
        for _ in 0..count {
            server.endpoint.broadcast("room:a", "secret", json!({}));
        }
    };
    for _ in 0..16 {
        broadcasts(1024);
        // By then the connection has given them to the handler that is busy.
        client.send_text(HEARTBEAT).await;
        assert_eq!(answered(&mut client).await, "beat");
    }
    broadcasts(1);
    assert_eq!(client.closed_with().await, Some(1013));
    drop(client);
    server.is_empty().await;
}
