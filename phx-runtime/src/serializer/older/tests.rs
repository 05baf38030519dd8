use serde_json::{Value, json};

use super::super::{
    ChannelEnd, DecodeErrorKind, Message, MessageRef, Outgoing, Version, protocol::Protocol,
};
use crate::{message::Payload, wire::Frame};

fn read(protocol: &Protocol, json: Value) -> Message {
    protocol.decode(&Frame::text(json.to_string())).unwrap()
}

fn written(protocol: &Protocol, message: Outgoing<'_>) -> Option<Value> {
    let frame = protocol.encode(&message).unwrap()?;
    Some(serde_json::from_slice(frame.as_bytes()).unwrap())
}

fn payload(value: Value) -> Payload {
    Payload::json(&value).unwrap()
}

#[test]
fn in_0_7_a_topic_is_a_pair_and_the_payload_is_called_message() {
    let protocol = Protocol::v0_7_with([("rooms", "room:"), ("any", "")]);
    for (channel, topic, event, expected) in [
        ("rooms", "lobby", "join", ("room:lobby", "phx_join")),
        ("rooms", "", "leave", ("room:", "phx_leave")),
        ("chat", "a:b", "new_msg", ("chat:a:b", "new_msg")),
        ("lobby", "", "phx_join", ("lobby", "phx_join")),
        ("phoenix", "conn", "heartbeat", ("phoenix", "heartbeat")),
        ("phoenix", "conn", "join", ("phoenix:conn", "phx_join")),
    ] {
        let wire = json!({ "channel": channel, "topic": topic, "event": event, "message": [1] });
        let message = read(&protocol, wire);
        assert_eq!((message.topic(), message.event()), expected);
        assert_eq!(message.payload().as_json(), Some("[1]"));
    }
    let body = payload(json!({ "a": 1 }));
    let push = written(&Protocol::v0_7(), Outgoing::push("room:a:b", "e", &body));
    let expected =
        json!({ "channel": "room", "topic": "a:b", "event": "e", "message": { "a": 1 } });
    assert_eq!(push, Some(expected));
    let listed = Protocol::v0_7_with([("rooms", "room:")]);
    let broadcast = written(&listed, Outgoing::broadcast("room:lobby", "e", &body));
    let expected =
        json!({ "channel": "rooms", "topic": "lobby", "event": "e", "message": { "a": 1 } });
    assert_eq!(broadcast, Some(expected));
    let alone = written(&listed, Outgoing::broadcast("lobby", "e", &body)).unwrap();
    assert_eq!((&alone["channel"], &alone["topic"]), (&json!("lobby"), &json!("")));
}

#[test]
fn before_0_11_nothing_is_answered_but_the_heartbeat_which_comes_back() {
    let (nothing, reference) = (payload(json!({})), MessageRef::from("1"));
    let echoes = [
        (
            Protocol::v0_7(),
            json!({ "channel": "phoenix", "topic": "conn", "event": "heartbeat", "message": {} }),
        ),
        (Protocol::v0_10(), json!({ "topic": "phoenix", "event": "heartbeat", "payload": {} })),
    ];
    for (protocol, echo) in echoes {
        let reply = Outgoing::reply("room:a", Some(&reference), "ok", &nothing);
        assert_eq!(written(&protocol, reply), None);
        for end in [ChannelEnd::Closed, ChannelEnd::Replaced, ChannelEnd::Failed] {
            assert_eq!(written(&protocol, Outgoing::end("room:a", Some(&reference), end)), None);
        }
        assert_eq!(written(&protocol, Outgoing::heartbeat(None)), Some(echo));
    }
}

#[test]
fn in_0_10_a_message_has_topic_event_and_payload() {
    let protocol = Protocol::v0_10();
    let wire = json!({ "topic": "room:a", "event": "join", "payload": { "a": 1 }, "ref": "7" });
    let message = read(&protocol, wire);
    assert_eq!((message.topic(), message.event()), ("room:a", "phx_join"));
    assert_eq!(message.into_parts().1, None, "there are no refs yet");
    let push = written(&protocol, Outgoing::push("room:a", "e", &payload(json!(1))));
    assert_eq!(push, Some(json!({ "topic": "room:a", "event": "e", "payload": 1 })));
}

#[test]
fn from_0_11_to_0_14_the_ref_of_an_answer_is_in_its_payload() {
    let protocol = Protocol::v0_14();
    let join = json!({ "topic": "room:a", "event": "phx_join", "payload": {}, "ref": "1" });
    let reference = MessageRef::from("1");
    assert_eq!(read(&protocol, join).into_parts().1, Some(reference.clone()));
    let (nothing, of_topic) = (payload(json!({})), |event: &str, payload: Value| {
        Some(json!({ "topic": "room:a", "event": event, "payload": payload, "ref": null }))
    });
    let reply = written(&protocol, Outgoing::reply("room:a", Some(&reference), "ok", &nothing));
    let answer = json!({ "ref": "1", "status": "ok", "response": {} });
    assert_eq!(reply, of_topic("phx_reply", answer));
    let end = |end| written(&protocol, Outgoing::end("room:a", Some(&reference), end));
    assert_eq!(end(ChannelEnd::Closed), of_topic("phx_close", json!({})));
    assert_eq!(end(ChannelEnd::Failed), of_topic("phx_error", json!({})));
    assert_eq!(end(ChannelEnd::Replaced), None, "it would end the new channel");
    let heartbeat = written(&protocol, Outgoing::heartbeat(Some(&reference)));
    let echo = json!({ "topic": "phoenix", "event": "heartbeat", "payload": {}, "ref": "1" });
    assert_eq!(heartbeat, Some(echo));
}

#[test]
fn in_1_3_the_end_of_a_channel_carries_the_ref_of_its_join() {
    let protocol = Protocol::v1_3();
    let reference = MessageRef::from("4");
    for (end, event) in [
        (ChannelEnd::Closed, "phx_close"),
        (ChannelEnd::Replaced, "phx_close"),
        (ChannelEnd::Failed, "phx_error"),
    ] {
        let expected = json!({ "topic": "room:a", "event": event, "payload": {}, "ref": "4" });
        // Without `join_ref`, as such clients join.
        let message = Outgoing::ended(None, Some(&reference), "room:a", end);
        assert_eq!(written(&protocol, message), Some(expected));
    }
    let answer = json!({ "status": "ok", "response": {} });
    let expected =
        json!({ "topic": "phoenix", "event": "phx_reply", "payload": answer, "ref": "4" });
    assert_eq!(written(&protocol, Outgoing::heartbeat(Some(&reference))), Some(expected));
}

#[test]
fn what_is_no_message_is_told_apart_from_what_is_no_json() {
    for (protocol, whole) in [
        (Protocol::v0_7(), json!({ "channel": "c", "topic": "t", "event": "e", "message": {} })),
        (Protocol::v0_10(), json!({ "topic": "t", "event": "e", "payload": {} })),
        (Protocol::v0_14(), json!({ "topic": "t", "event": "e", "payload": {} })),
        (Protocol::v1_3(), json!({ "topic": "t", "event": "e", "payload": {} })),
    ] {
        let kind = |text: &str| protocol.decode(&Frame::text(text.to_owned())).unwrap_err().kind();
        for key in whole.as_object().unwrap().keys() {
            let mut lacking = whole.clone();
            lacking.as_object_mut().unwrap().remove(key);
            let error = protocol.decode(&Frame::text(lacking.to_string())).unwrap_err();
            assert_eq!(error.kind(), DecodeErrorKind::Shape);
            assert!(error.to_string().contains(key.as_str()), "{error}");
        }
        assert_eq!(kind("{"), DecodeErrorKind::Syntax);
        assert_eq!(kind(""), DecodeErrorKind::Syntax);
        assert_eq!(kind("[]"), DecodeErrorKind::Shape);
        let trailing = format!("{whole}{whole}");
        assert_eq!(kind(&trailing), DecodeErrorKind::Syntax);
        let binary = protocol.decode(&Frame::binary(vec![0; 8])).unwrap_err();
        assert_eq!(binary.kind(), DecodeErrorKind::Unsupported);
        let json_in_binary = Frame::binary(whole.to_string().into_bytes());
        assert!(protocol.decode(&json_in_binary).is_ok());
    }
    let colon = json!({ "channel": "a:b", "topic": "t", "event": "e", "message": {} });
    assert!(Protocol::v0_7().decode(&Frame::text(colon.to_string())).is_err());
}

#[test]
fn bytes_cannot_be_sent_to_older_clients() {
    let bytes = Payload::binary(vec![1]);
    for protocol in [Protocol::v0_7(), Protocol::v0_10(), Protocol::v0_14(), Protocol::v1_3()] {
        assert!(protocol.encode(&Outgoing::broadcast("t", "e", &bytes)).is_err());
    }
}

#[test]
fn a_binary_frame_that_is_no_text_is_no_message_even_where_nobody_looks_at_it() {
    let older = [Protocol::v0_7(), Protocol::v0_10(), Protocol::v0_14(), Protocol::v1_3()];
    for protocol in older.into_iter().chain([Version::V1.into()]) {
        let message = |ignored: &[u8]| {
            let pair = br#"{"channel":"a","topic":"b","event":"e","message":{},"#;
            let object = br#""payload":{},"ref":"1","ignored":""#;
            Frame::binary([&pair[..], object, ignored, b"\"}"].concat())
        };
        assert!(protocol.decode(&message("ü".as_bytes())).is_ok());
        let error = protocol.decode(&message(b"\xa0")).unwrap_err();
        assert_eq!(error.kind(), DecodeErrorKind::Unsupported);
    }
}
