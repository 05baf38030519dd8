//! The server that all tests talk to, and a client that must not notice what others do.

use std::{net::SocketAddr, time::Duration};

use phx_runtime::{
    options::{LongPollOptions, Mount, WebSocketOptions},
    prelude::*,
};
use serde_json::Value;

use crate::support::{
    clock::{time_until, until},
    everybody::{Open, User},
    raw_client::{PING, PONG, RawClient, SOCKET, TEXT},
    server::serve,
};

struct Room;

impl Open for Room {}

#[channel("room:*", log_handle_in = "info")]
impl Room {
    #[join]
    fn join(_: Payload) -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("echo")]
    fn echo(&self, payload: Payload) -> Reply {
        Reply::ok(payload)
    }

    #[handle_in("look")]
    fn look(&self, payload: Value) -> Reply {
        Reply::ok(payload)
    }

    #[handle_in("add")]
    fn add(&self, numbers: Vec<i64>) -> Reply {
        Reply::ok(numbers.iter().sum::<i64>())
    }
}

pub(crate) struct TestServer {
    pub(crate) endpoint: Endpoint,
    pub(crate) at: SocketAddr,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(|mount| mount).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(Mount) -> Mount) -> Self {
        // Every line is formatted, and thrown away.
        let _ = tracing_subscriber::fmt().with_writer(std::io::sink).try_init();
        let endpoint = Endpoint::builder().socket_with::<User<Room>>(change);
        // On the same socket, but with the shortest of patience.
        let brief = Duration::from_millis(50);
        let endpoint = endpoint.socket_at::<User<Room>>(
            Mount::new("/brief")
                .websocket(WebSocketOptions::new().timeout(Some(brief)))
                .longpoll(LongPollOptions::new().window(brief)),
        );
        let endpoint = endpoint.build().unwrap();
        let at = serve(&endpoint).await;
        Self { endpoint, at }
    }

    pub(crate) async fn connect(&self) -> RawClient {
        RawClient::connect(self.at, SOCKET, "").await
    }

    /// A client that has joined a topic.
    pub(crate) async fn joined(&self, topic: &str) -> RawClient {
        RawClient::joined(self.at, topic).await
    }

    pub(crate) async fn bystander(&self) -> Bystander {
        Bystander { client: self.joined("room:bystander").await, asked: 0 }
    }

    /// Waits until so many connections are open.
    pub(crate) async fn has(&self, connections: usize) {
        time_until(until(|| self.endpoint.connections() == connections)).await;
    }

    /// The bystander is well, and after it nobody is left, on no topic.
    pub(crate) async fn forgets_all_but(&self, mut bystander: Bystander) {
        bystander.is_answered().await;
        self.has(1).await;
        assert_eq!(self.endpoint.subscribers("room:a"), 0);
        assert_eq!(self.endpoint.subscribers("room:bystander"), 1);
        drop(bystander);
        self.has(0).await;
        assert_eq!(self.endpoint.subscribers("room:bystander"), 0);
    }
}

/// A client that does what clients do.
pub(crate) struct Bystander {
    client: RawClient,
    asked: u32,
}

impl Bystander {
    /// Its ping, its heartbeat and its message are answered, in order and rightly.
    pub(crate) async fn is_answered(&mut self) {
        self.asked += 1;
        let number = self.asked.to_string();
        self.client.send(PING, number.as_bytes()).await;
        let heartbeat = format!(r#"[null,"{number}","phoenix","heartbeat",{{}}]"#);
        self.client.send_text(&heartbeat).await;
        let add = format!(r#"["1","{number}","room:bystander","add",[{number},1]]"#);
        self.client.send_text(&add).await;
        let pong = self.client.frame().await.unwrap();
        assert_eq!((pong.first, &*pong.payload), (PONG, number.as_bytes()));
        let beat = ok_of("null", &number, "phoenix", "{}");
        assert_eq!(self.client.frame().await.unwrap().text(), beat);
        let sum = ok("1", &number, "room:bystander", &(self.asked + 1).to_string());
        let frame = self.client.frame().await.unwrap();
        assert_eq!((frame.first, frame.text()), (TEXT, &*sum));
    }
}

/// A reply with status `ok`, as the server writes it.
pub(crate) fn ok(join_ref: &str, reference: &str, topic: &str, response: &str) -> String {
    ok_of(&format!("\"{join_ref}\""), reference, topic, response)
}

fn ok_of(join_ref: &str, reference: &str, topic: &str, response: &str) -> String {
    format!(
        r#"[{join_ref},"{reference}","{topic}","phx_reply",{{"status":"ok","response":{response}}}]"#
    )
}

/// A reply with status `error`.
pub(crate) fn refused(join_ref: &str, reference: &str, topic: &str, reason: &str) -> String {
    format!(
        r#"[{join_ref},"{reference}","{topic}","phx_reply",{{"status":"error","response":{{"reason":"{reason}"}}}}]"#
    )
}
