//! The test kit, by what it says of a small channel.

use std::time::Duration;

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::{Client, Ended, connect};
use crate::{
    ConnectError, Endpoint, JoinError, Joined, Next, Presence, Reply, assert_push, assert_reply,
    channel::{Channel, Context, Handling, Join, JoinContext, Pattern, Route},
    message::{Binary, Payload, Reason},
    options::{Mount, WebSocketOptions},
    refute_push, refute_reply,
    socket::{ConnectContext, SocketState},
    wire::CloseCode,
};

struct User(Option<String>);

impl SocketState for User {
    fn mount() -> Mount {
        Mount::new("/socket").websocket(WebSocketOptions::new())
    }

    async fn connect(cx: ConnectContext) -> Result<Self, ConnectError> {
        let params = cx.info().params();
        match params.get("refuse") {
            Some(_) => Err(ConnectError::new("refused")),
            None => Ok(Self(params.get("id").map(str::to_owned))),
        }
    }

    fn id(&self) -> Option<String> {
        self.0.as_ref().map(|id| format!("user:{id}"))
    }

    fn channels() -> Vec<Route<Self>> {
        vec![Route::of::<Room>()]
    }
}

struct Room;

impl Channel for Room {
    const PATTERNS: &'static [Pattern] = &[Pattern::new("room:*")];

    fn handle_in(self: Box<Self>, payload: Payload, cx: Context) -> Handling {
        let socket = cx.socket().clone();
        Handling::now(self, |_| match cx.event().as_str() {
            "echo" => Reply::ok(payload),
            "push" => {
                socket.push("pushed", payload);
                Reply::none()
            }
            "shout" => {
                socket.broadcast("shouted", payload);
                Reply::none()
            }
            "slow" => {
                socket.notify_after(Duration::from_secs(1), "slow");
                Reply::none()
            }
            "stop" => Reply::stop(Reason::Normal),
            "panic" => panic!("told to"),
            _ => Reply::error(json!({ "reason": "unknown" })),
        })
    }

    fn handle_info(self: Box<Self>, _: crate::message::Info, cx: Context) -> Handling<Next> {
        cx.socket().push("slow", json!({}));
        Handling::done(self, Next::Continue)
    }
}

impl Join<User> for Room {
    async fn join(cx: JoinContext<User>) -> Result<Joined<Self>, JoinError> {
        let payload = cx.payload();
        match cx.topic().rest() {
            "refused" => Err(JoinError::new("unauthorized")),
            _ => Ok(Joined::new(Self).reply(payload)),
        }
    }
}

fn endpoint() -> Endpoint {
    Endpoint::builder().build().unwrap()
}

async fn client(endpoint: &Endpoint) -> Client {
    connect::<User>(endpoint, json!({ "id": 7 })).await.unwrap()
}

/// The text of a panic.
async fn complaint(test: impl Future<Output = ()>) -> String {
    let panic = std::panic::AssertUnwindSafe(test).catch_unwind().await.unwrap_err();
    panic.downcast_ref::<String>().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn connecting_and_joining_tell_what_the_server_answered() {
    let endpoint = endpoint();
    assert!(connect::<User>(&endpoint, json!({ "refuse": true })).await.is_err());
    let client = client(&endpoint).await;
    assert_eq!(client.id(), Some("user:7"));
    let room = client.join("room:1", json!({ "a": 1 })).await.unwrap();
    assert_eq!(room.topic(), "room:1");
    assert_eq!(room.response().decode::<Value>().unwrap(), json!({ "a": 1 }));
    let refused = client.join("room:refused", json!({})).await.unwrap_err();
    assert_eq!(refused.reason(), "unauthorized");
    let unknown = client.join("other", json!({})).await.unwrap_err();
    assert_eq!(unknown.reason(), "unmatched topic");
}

#[tokio::test(start_paused = true)]
async fn replies_and_pushes_are_found_whatever_came_before_them() {
    let endpoint = endpoint();
    let client = client(&endpoint).await;
    let (one, two) =
        (client.join("room:1", json!({})).await, client.join("room:2", json!({})).await);
    let (one, two) = (one.unwrap(), two.unwrap());
    let first = one.push("echo", json!({ "n": 1 })).await;
    let second = one.push("echo", json!({ "n": 2 })).await;
    one.push("push", json!({ "n": 3, "more": [] })).await;
    two.push("shout", json!("text")).await;
    assert_push!(two, "shouted", "text");
    assert_push!(one, "pushed", { "n": 3 });
    assert_reply!(second, ok, { "n": 2 });
    assert_reply!(first, ok);
    refute_push!(one, "shouted");
    refute_push!(one, "pushed");
    assert_reply!(one.push("what", json!({})).await, error, { "reason": "unknown" });
    refute_reply!(one.push("push", json!({})).await);
}

#[tokio::test(start_paused = true)]
async fn binary_payloads_travel_too() {
    let room = client(&endpoint()).await.join("room:1", json!({})).await.unwrap();
    let bytes = Binary::from(vec![1, 2, 255]);
    let echoed = room.push("echo", bytes.clone()).await;
    assert_eq!(assert_reply!(echoed, ok).decode::<Binary>().unwrap(), bytes);
    for (event, answer) in [("push", "pushed"), ("shout", "shouted")] {
        room.push(event, bytes.clone()).await;
        assert_eq!(assert_push!(room, answer).decode::<Binary>().unwrap(), bytes);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_assertion_says_what_came_instead() {
    let room = client(&endpoint()).await.join("room:1", json!({})).await.unwrap();
    room.push("push", json!({ "n": 3 })).await;
    let missing = complaint(async {
        assert_push!(room, "pushed", { "n": 4 });
    });
    let missing = missing.await;
    assert!(missing.contains(r#""pushed" with {"n":4}"#), "{missing}");
    assert!(missing.contains(r#""pushed" {"n":3} on "room:1""#), "{missing}");
    let unwanted = complaint(async { refute_push!(room, "pushed") }).await;
    assert!(unwanted.contains(r#""pushed" {"n":3} came"#), "{unwanted}");
}

#[tokio::test(start_paused = true)]
async fn another_reply_than_the_one_that_is_wanted_ends_the_wait_at_once() {
    let room = client(&endpoint()).await.join("room:1", json!({})).await.unwrap();
    let asked = room.push("what", json!({})).await;
    let before = tokio::time::Instant::now();
    let missing = complaint(async {
        assert_reply!(asked, ok, { "n": _ });
    });
    let missing = missing.await;
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert!(missing.contains(r#"a reply "ok" with {"n":_}"#), "{missing}");
    assert!(missing.contains(r#"the reply is: error {"reason":"unknown"}"#), "{missing}");
}

#[tokio::test(start_paused = true)]
async fn an_underscore_stands_for_any_value() {
    let room = client(&endpoint()).await.join("room:1", json!({})).await.unwrap();
    let made = json!({ "id": 7, "at": [1, { "by": "ann" }] });
    assert_reply!(room.push("echo", &made).await, ok, { "id": _, "at": [_, { "by": _ }] });
    room.push("push", &made).await;
    refute_push!(room, "pushed", { "id": _, "name": _ });
    assert_push!(room, "pushed", { "id": _ });
}

#[tokio::test(start_paused = true)]
async fn what_takes_time_is_waited_for() {
    let room = client(&endpoint()).await.join("room:1", json!({})).await.unwrap();
    room.push("slow", json!({})).await;
    refute_push!(room, "slow");
    assert_push!(room, "slow");
}

#[tokio::test(start_paused = true)]
async fn a_channel_ends_in_the_way_that_its_client_is_told() {
    let client = client(&endpoint()).await;
    let left = client.join("room:left", json!({})).await.unwrap();
    assert_reply!(left.leave().await, ok);
    assert_eq!(left.ended().await, Ok(Ended::Closed));
    let stopped = client.join("room:stopped", json!({})).await.unwrap();
    stopped.push("stop", json!({})).await;
    assert_eq!(stopped.ended().await, Ok(Ended::Closed));
    let failed = client.join("room:failed", json!({})).await.unwrap();
    failed.push("panic", json!({})).await;
    assert_eq!(failed.ended().await, Ok(Ended::Failed));
}

#[tokio::test(start_paused = true)]
async fn either_side_closes_the_connection() {
    let endpoint = endpoint();
    let kicked = client(&endpoint).await;
    endpoint.disconnect("user:7");
    assert_eq!(kicked.closed().await, Ok(CloseCode::GOING_AWAY));
    let leaving = client(&endpoint).await;
    let room = leaving.join("room:1", json!({})).await.unwrap();
    assert_eq!(endpoint.subscribers("room:1"), 1);
    leaving.close().await;
    assert_eq!(endpoint.subscribers("room:1"), 0);
    let missing = complaint(async {
        assert_reply!(room.push("echo", json!({})).await, ok);
    });
    assert!(missing.await.contains("the connection is closed"));
}

#[tokio::test(start_paused = true)]
async fn presences_end_with_their_client() {
    let (endpoint, presence) = (endpoint(), Presence::new());
    let watcher = client(&endpoint).await.join("room:1", json!({})).await.unwrap();
    let tracked = crate::channel::detached("room:1".into(), endpoint.clone());
    presence.track(&tracked, "ann", json!({})).unwrap();
    assert_push!(watcher, "presence_diff", { "joins": { "ann": {} }, "leaves": {} });
    drop(tracked);
    assert_push!(watcher, "presence_diff", { "leaves": { "ann": {} } });
    refute_push!(watcher, "presence_diff");
}
