//! What older clients may not send, beside one that behaves.

use phx_runtime::{Reason, json};
use serde_json::Value;

use super::start;
use crate::support::raw_client::{BINARY, RawClient, TEXT};

#[tokio::test]
async fn what_is_no_message_of_an_older_protocol_closes_its_connection_and_no_other() {
    let mut fixture = start().await;
    let mut bystander = RawClient::connect(fixture.address, "/0.7", "").await;
    let send = |event: &str| {
        json!({ "channel": "rooms", "topic": "a", "event": event, "message": {} }).to_string()
    };
    bystander.send_text(&send("join")).await;
    let deep = format!(r#"{{"topic":"t","event":"e","payload":{}1"#, "[".repeat(100_000));
    for (path, opcode, message, code) in [
        ("/0.7", TEXT, &b""[..], 1011),
        ("/0.7", TEXT, b"[]", 1011),
        ("/0.7", TEXT, br#"{"topic":"rooms:a","event":"join","payload":{}}"#, 1011),
        ("/0.7", TEXT, br#"{"channel":"a:b","topic":"c","event":"join","message":{}}"#, 1011),
        ("/0.7", TEXT, b"{\"channel\":\"\xff\"", 1007),
        ("/0.7", BINARY, b"\0\x01\x01\x06\x0411room:aechox", 1003),
        ("/0.10", TEXT, br#"{"topic":"room:a","event":"join"}"#, 1011),
        ("/0.10", TEXT, br#"{"topic":null,"event":"join","payload":{}}"#, 1011),
        ("/0.14", TEXT, br#"["1","1","room:a","phx_join",{}]"#, 1011),
        ("/0.14", TEXT, deep.as_bytes(), 1011),
        ("/1.3?vsn=1.0.0", TEXT, br#"{"topic":"room:a","event":"phx_join","payload":01}"#, 1011),
    ] {
        let mut client = RawClient::connect(fixture.address, path, "").await;
        client.send(opcode, message).await;
        let shown = String::from_utf8_lossy(message);
        assert_eq!(client.closed_with().await, Some(code), "{path} {shown:.80}");
        bystander.send_text(&send("echo")).await;
        let heard: Value = serde_json::from_str(bystander.frame().await.unwrap().text()).unwrap();
        assert_eq!(heard["event"], "echoed");
    }
    drop(bystander);
    let (topic, reason) = fixture.ends.recv().await.unwrap();
    assert_eq!(topic, "room:a");
    assert!(matches!(reason, Reason::Lost | Reason::Closed), "{reason}");
}
