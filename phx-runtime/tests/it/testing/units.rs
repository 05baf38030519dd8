//! Handlers as the functions that they are, and what the assertions take.

use phx_runtime::{
    assert_push, assert_reply,
    endpoint::Broadcast,
    prelude::*,
    refute_push,
    testing::{self, Sent},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::support::{client, endpoint};

#[derive(Debug)]
struct Export {
    done: u32,
}

#[channel("export:*")]
impl Export {
    #[join]
    fn join(_: Payload, topic: &Topic) -> Result<Joined<Self>, JoinError> {
        match topic.rest() {
            "closed" => Err(JoinError::with(json!({ "reason": "closed", "until": 8 }))),
            _ => Ok(Joined::new(Self { done: 0 }).reply(json!({ "done": 0 }))),
        }
    }

    #[handle_in("export")]
    fn export(&mut self, _: Payload, reply: ReplyRef, socket: &Socket) {
        self.done += 1;
        socket.push("started", json!({ "number": self.done }));
        reply.error(json!({ "reason": "no paper" }));
    }

    #[handle_info]
    fn news(&self, news: Broadcast, socket: &Socket) -> Result<(), Fault> {
        let body: Value = news.decode().or_fault()?;
        socket.push("news", json!({ "of": news.topic().as_str(), "body": body }));
        Ok(())
    }
}

#[tokio::test]
async fn what_handlers_take_is_made_and_what_they_give_is_looked_at() {
    let nothing = || testing::payload(json!({}));
    let joined = Export::join(nothing(), &"export:1".into()).unwrap();
    assert_eq!(joined.response(), Some(json!({ "done": 0 })));
    assert_eq!(joined.channel().done, 0);
    let refused = Export::join(nothing(), &"export:closed".into()).unwrap_err();
    assert_eq!(refused.reason(), "closed");

    let (mut export, socket) = (Export { done: 0 }, testing::socket("export:1"));
    export.export(nothing(), testing::reply_ref(&socket), &socket);
    export.news(testing::broadcast("paper", "refilled", json!([1, 2])), &socket).unwrap();
    let sent = testing::sent(&socket);
    let [started, reply, news] = &sent[..] else { panic!("{sent:?}") };
    assert!(started.is_push("started") && reply.is_reply("error") && news.is_push("news"));
    assert_eq!(started.json(), json!({ "number": 1 }));
    assert!(matches!(reply, Sent::Reply { status, .. } if status == "error"));
    assert_eq!(news.json(), json!({ "of": "paper", "body": [1, 2] }));
    assert!(testing::sent(&socket).is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_underscore_stands_for_any_value_wherever_it_is() {
    let endpoint = endpoint();
    let ann = client(&endpoint, "ann").connect().await.unwrap();
    let room = ann.join("room:1", json!({ "a": [1, { "b": null }] })).await.unwrap();
    let push = |payload: Value| endpoint.broadcast("room:1", "e", payload);
    let key = "c";
    push(json!({ "a": [1, { "b": null, "more": 1 }], "c": 1.5, "d": "_" }));
    assert_push!(room, "e", { "a": [_, { "b": _, }], key: _, "d": "_", });
    push(json!([[], "x", null]));
    refute_push!(room, "e", [_, _]);
    refute_push!(room, "e", { "a": _ });
    assert_push!(room, "e", [[], _, _]);
    push(json!(7));
    assert_push!(room, "e", _);
    let said = room.push("say", "hi").await;
    assert_reply!(said, ok, { "heard": _ });
    let said = room.push("say", "hi").await;
    assert_reply!(said, ok, _);
    let said = room.push("say", "hi").await;
    assert_reply!(said, "ok", { "heard": _ });
}

#[phx_runtime::event("tick")]
#[derive(Debug, Deserialize, Serialize)]
struct Tick {
    left: u32,
}

#[tokio::test(start_paused = true)]
async fn a_typed_event_is_looked_for_and_ruled_out_by_a_pattern_of_its_type() {
    let endpoint = endpoint();
    let ann = client(&endpoint, "ann").connect().await.unwrap();
    let room = ann.join("room:1", json!({})).await.unwrap();
    endpoint.broadcast_event("room:1", Tick { left: 3 });
    let most = 2;
    refute_push!(room, Tick { left } if *left <= most);
    refute_push!(room, Tick { left: 4.. });
    assert_eq!(assert_push!(room, Tick { left: 3 }).left, 3);
    refute_push!(room, Tick { .. });
}

#[test]
fn a_text_that_refuses_a_join_is_its_reason() {
    assert_eq!(JoinError::from("full").reason(), "full");
    assert_eq!(JoinError::from("full".to_owned()).reason(), "full");
    assert_eq!(JoinError::from(json!({ "until": 8 })).reason(), "");
    assert_eq!(JoinError::with("full").reason(), "");
}
