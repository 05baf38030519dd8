//! What a client says to either form of the application, and hears from it.

use futures_util::{SinkExt, StreamExt};
use phx_runtime::{Endpoint, json};
use serde_json::Value;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tungstenite::Message;

use crate::app::{App, serve};

struct Client {
    socket: WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>,
    topic: String,
    last_ref: u32,
    /// What came before it was asked for.
    early: Vec<(String, Value)>,
}

impl Client {
    async fn connect(url: &str) -> Self {
        let (socket, _) = connect_async(url).await.unwrap();
        Self { socket, topic: String::new(), last_ref: 0, early: Vec::new() }
    }

    /// Joins a topic; from then on, all else is about that one.
    async fn join(&mut self, topic: &str, payload: Value) -> (String, Value) {
        topic.clone_into(&mut self.topic);
        self.call("phx_join", payload).await
    }

    /// Sends a message.
    async fn push(&mut self, event: &str, payload: Value) {
        self.last_ref += 1;
        let message = json!(["1", self.last_ref.to_string(), self.topic, event, payload]);
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    /// Sends a message and waits for its reply: status and response.
    async fn call(&mut self, event: &str, payload: Value) -> (String, Value) {
        self.push(event, payload).await;
        self.reply().await
    }

    async fn call_binary(&mut self, event: &str, payload: &[u8]) -> (String, Value) {
        self.last_ref += 1;
        let reference = self.last_ref.to_string();
        let names = ["1", &reference, &self.topic, event];
        let mut frame = vec![0];
        frame.extend(names.map(|name| u8::try_from(name.len()).unwrap()));
        frame.extend(names.concat().bytes().chain(payload.iter().copied()));
        self.socket.send(Message::binary(frame)).await.unwrap();
        self.reply().await
    }

    async fn reply(&mut self) -> (String, Value) {
        let reply = self.next("phx_reply").await;
        (reply["status"].as_str().unwrap().to_owned(), reply["response"].clone())
    }

    /// The payload of the next message with this event.
    async fn next(&mut self, event: &str) -> Value {
        if let Some(at) = self.early.iter().position(|(early, _)| early == event) {
            return self.early.remove(at).1;
        }
        loop {
            let message = self.socket.next().await.unwrap().unwrap();
            let mut message: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
            let payload = message[4].take();
            match message[3].as_str().unwrap() {
                came if came == event => return payload,
                came => self.early.push((came.to_owned(), payload)),
            }
        }
    }
}

fn ok(response: Value) -> (String, Value) {
    ("ok".to_owned(), response)
}

fn error(response: Value) -> (String, Value) {
    ("error".to_owned(), response)
}

/// Plays the conversation with an endpoint that has the state of `app`.
pub async fn hold(endpoint: Endpoint, app: &App) {
    let url = serve(endpoint).await;
    assert!(connect_async(format!("{url}&token=wrong")).await.is_err());

    let mut ann = Client::connect(&format!("{url}&token={}", app.token(7))).await;
    let refused = ann.join("room:0", json!({})).await;
    assert_eq!(refused, error(json!({ "reason": "unauthorized" })));
    let nowhere = ann.join("room:seven", json!({})).await;
    assert_eq!(nowhere, error(json!({ "reason": "unmatched topic" })));
    let malformed = ann.join("room:42", json!({ "muted": 9 })).await;
    assert_eq!(malformed.1["reason"], "invalid payload");

    assert_eq!(ann.join("room:42", json!({ "muted": [9] })).await, ok(json!({ "room": 42 })));
    assert!(ann.next("presence_state").await.get("7").is_some());

    assert_eq!(ann.call("new_msg", json!({ "body": "hi" })).await, ok(json!({ "room": 42 })));
    assert_eq!(ann.next("new_msg").await, json!({ "from": 7, "body": "hi" }));
    let empty = ann.call("new_msg", json!({ "body": "" })).await;
    assert_eq!(empty, error(json!({ "reason": "empty" })));
    let malformed = ann.call("new_msg", json!({})).await;
    assert_eq!(malformed.1["reason"], "invalid payload");

    // A muted user's message is held back, so the next one to arrive is another.
    let mut bob = Client::connect(&format!("{url}&token={}", app.token(9))).await;
    bob.join("room:42", json!({})).await;
    bob.call("new_msg", json!({ "body": "muted" })).await;
    bob.push("typing_stop", json!({})).await;
    assert_eq!(ann.next("typing_stop").await, json!({ "user": 9 }));
    assert!(ann.early.iter().all(|(event, _)| event != "new_msg"), "{:?}", ann.early);

    assert_eq!(ann.call_binary("avatar", &[1, 2, 3]).await, ok(json!({ "bytes": 3 })));
    let exported = ann.call("export", json!({})).await;
    assert_eq!(exported, ok(json!({ "url": "/archive/42" })));
    let unknown = ann.call("nope", json!({})).await;
    assert_eq!(unknown, error(json!({ "reason": "no handler for nope" })));

    assert_eq!(ann.call("phx_leave", json!({})).await, ok(json!({})));
    ann.next("phx_close").await;
}
