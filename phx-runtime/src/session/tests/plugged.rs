//! Serializers of the application's own.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::{Value, json};

use super::{Client, endpoint};
use crate::{
    message::{EncodeError, Payload},
    serializer::{
        DecodeError, DecodeErrorKind, Message, MessageRef, Outgoing, Protocol, Serializer, Version,
    },
    transport::Flow,
    wire::{CloseCode, Frame},
};

/// Objects with short keys. Some events it cannot write.
#[derive(Default)]
struct Short {
    broadcasts: Arc<AtomicUsize>,
}

impl Serializer for Short {
    fn vsn(&self) -> &'static str {
        "~> 7.1.0"
    }

    fn decode(&self, frame: &Frame) -> Result<Message, DecodeError> {
        let value: Value = serde_json::from_slice(frame.as_bytes())?;
        let text = |key: &str| {
            let missing = || DecodeError::new(DecodeErrorKind::Shape, format!("no {key}"));
            value[key].as_str().ok_or_else(missing)
        };
        assert_ne!(text("e")?, "panic", "told to");
        let payload = Payload::json(&value["p"])?;
        Ok(Message::new(text("t")?, text("e")?, payload)
            .reference(MessageRef::from_value(&value["r"])))
    }

    fn encode(&self, message: &Outgoing<'_>) -> Result<Option<Frame>, EncodeError> {
        if message.status().is_none() {
            self.broadcasts.fetch_add(1, Ordering::Relaxed);
        }
        match message.event() {
            "panic" => panic!("told to"),
            "fail" => return Err(EncodeError::Serializer("told to".to_owned())),
            "leave out" => return Ok(None),
            _ => {}
        }
        let payload: Value = serde_json::from_slice(message.payload())?;
        let (topic, event, status) = (message.topic(), message.event(), message.status());
        let reference = message.reference().map(MessageRef::as_json);
        let json = json!({ "t": topic, "e": event, "s": status, "p": payload, "r": reference });
        Ok(Some(Frame::text(json.to_string())))
    }
}

const SHORT: &[(&str, &str)] = &[("vsn", "7.1.3")];

fn protocols(short: &Protocol) -> [Protocol; 2] {
    [Version::V2.into(), short.clone()]
}

async fn joined(endpoint: &crate::Endpoint, short: &Protocol, topic: &str) -> Client {
    let mut client = Client::speaking(endpoint, SHORT, protocols(short)).await.unwrap();
    client.send(json!({ "t": topic, "e": "phx_join", "p": {}, "r": 1 }));
    let answer = client.recv().await;
    assert_eq!((&answer["s"], &answer["r"]), (&json!("ok"), &json!("1")));
    client
}

#[tokio::test(start_paused = true)]
async fn a_serializer_of_ones_own_serves_the_clients_that_ask_for_it() {
    let (endpoint, _) = endpoint();
    let short = Protocol::new(Short::default());
    let mut own = joined(&endpoint, &short, "room:a").await;
    let mut stock =
        Client::speaking(&endpoint, &[("vsn", "2.0.0")], protocols(&short)).await.unwrap();
    stock.send(json!(["1", "1", "room:a", "phx_join", {}]));
    stock.recv().await;
    own.send(json!({ "t": "room:a", "e": "echo", "p": [1, 2], "r": "x" }));
    let echo = json!({ "t": "room:a", "e": "phx_reply", "s": "ok", "p": [1, 2], "r": "\"x\"" });
    assert_eq!(own.recv().await, echo);
    stock.send(json!(["1", "2", "room:a", "tell_others", { "n": 1 }]));
    stock.recv().await;
    let told = own.recv().await;
    assert_eq!((&told["e"], &told["p"]), (&json!("told"), &json!({ "n": 1 })));
    own.send(json!({ "t": "phoenix", "e": "heartbeat", "p": {}, "r": 5 }));
    assert_eq!(own.recv().await["r"], "5");
    for vsn in ["7.2.0", "1.0.0", "7"] {
        let refused = Client::speaking(&endpoint, &[("vsn", vsn)], protocols(&short)).await;
        assert!(refused.is_err(), "{vsn}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_is_encoded_once_for_all_clients_of_a_serializer() {
    let (endpoint, _) = endpoint();
    let counted = Arc::new(AtomicUsize::new(0));
    let short = Protocol::new(Short { broadcasts: counted.clone() });
    let mut clients = Vec::new();
    for _ in 0..5 {
        clients.push(joined(&endpoint, &short, "plain:a").await);
    }
    for n in 0..3 {
        endpoint.broadcast("plain:a", "news", json!(n));
    }
    for client in &mut clients {
        for n in 0..3 {
            assert_eq!(client.recv().await["p"], n);
        }
    }
    assert_eq!(counted.load(Ordering::Relaxed), 3);
}

/// Writes nothing but the topic. It has no fields, so all values of it are one serializer.
struct Topics;

static TOPICS: AtomicUsize = AtomicUsize::new(0);

impl Serializer for Topics {
    fn vsn(&self) -> &'static str {
        "~> 8.0"
    }

    fn decode(&self, frame: &Frame) -> Result<Message, DecodeError> {
        Ok(Message::new(String::from_utf8_lossy(frame.as_bytes()), "phx_join", Payload::json(&())?))
    }

    fn encode(&self, message: &Outgoing<'_>) -> Result<Option<Frame>, EncodeError> {
        TOPICS.fetch_add(1, Ordering::Relaxed);
        Ok(Some(Frame::text(json!(message.topic()).to_string())))
    }
}

#[tokio::test(start_paused = true)]
async fn a_serializer_without_fields_is_the_same_on_all_mounts() {
    let (endpoint, _) = endpoint();
    let mut clients = Vec::new();
    for _ in 0..2 {
        let protocols = [Protocol::new(Topics)];
        let mut client = Client::speaking(&endpoint, &[("vsn", "8.9.0")], protocols).await.unwrap();
        client.send_text("plain:a");
        assert_eq!(client.recv().await, "plain:a");
        clients.push(client);
    }
    let before = TOPICS.load(Ordering::Relaxed);
    endpoint.broadcast("plain:a", "news", json!({}));
    for client in &mut clients {
        assert_eq!(client.recv().await, "plain:a");
    }
    assert_eq!(TOPICS.load(Ordering::Relaxed) - before, 1);
}

#[tokio::test(start_paused = true)]
async fn a_serializer_that_fails_or_panics_with_a_broadcast_costs_only_itself() {
    let (endpoint, _) = endpoint();
    let short = Protocol::new(Short::default());
    let mut own = joined(&endpoint, &short, "plain:a").await;
    let mut stock = Client::joined(&endpoint, "plain:a").await;
    for event in ["fail", "panic", "leave out", "fine"] {
        endpoint.broadcast("plain:a", event, json!({}));
        assert_eq!(stock.recv().await[3], event);
    }
    assert_eq!(own.recv().await["e"], "fine");
    endpoint.broadcast("plain:a", "bytes", crate::message::Binary::from(vec![7]));
    stock.recv().await;
    own.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_push_that_its_serializer_cannot_write_ends_its_channel_alone() {
    let (endpoint, _) = endpoint();
    let short = Protocol::new(Short::default());
    let mut own = joined(&endpoint, &short, "room:a").await;
    own.send(json!({ "t": "room:b", "e": "phx_join", "p": {}, "r": 2 }));
    own.recv().await;
    own.send(json!({ "t": "room:a", "e": "push_named", "p": "panic", "r": 3 }));
    assert_eq!(own.recv().await["e"], "bye");
    assert_eq!(own.recv().await["e"], "phx_error");
    own.send(json!({ "t": "room:b", "e": "echo", "p": 1, "r": 4 }));
    assert_eq!(own.recv().await["p"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_a_serializer_refuses_or_panics_at_is_no_message() {
    let (endpoint, _) = endpoint();
    let short = Protocol::new(Short::default());
    let mut own = joined(&endpoint, &short, "room:a").await;
    let malformed = Flow::Malformed(CloseCode::INTERNAL);
    assert_eq!(own.send_text("{}"), malformed);
    assert_eq!(own.send_text(&json!({ "t": "room:a", "e": "panic" }).to_string()), malformed);
}
