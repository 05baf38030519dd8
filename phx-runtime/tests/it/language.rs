//! What callbacks return and take, as the client sees it.

use std::{num::ParseIntError, sync::Arc, time::Duration};

use phx_runtime::{assert_push, assert_reply, channel::Timer, prelude::*, refute_push, testing};
use serde::{Deserialize, Serialize};

use crate::support::everybody::{Open, User};

#[derive(Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
enum Refusal {
    Unknown { name: String },
}

/// An alias, which does not look like the result that it is.
type Found<T> = Result<T, Refusal>;

fn find(name: &str) -> Found<u8> {
    match name {
        "ann" => Ok(7),
        name => Err(Refusal::Unknown { name: name.to_owned() }),
    }
}

struct Guest;

#[socket("/socket", websocket)]
#[channels(Own, Fallible, Plain, Lobby, Typed, Clock)]
impl Guest {
    #[connect]
    fn connect(params: Params) -> Result<Self, Refusal> {
        find(params.get("name").unwrap_or("ann"))?;
        Ok(Self)
    }
}

/// Refuses with an error of its own.
struct Own;

#[channel("own:{name}")]
impl Own {
    #[join]
    fn join(name: String) -> Result<Self, Refusal> {
        find(&name).map(|_| Self)
    }

    #[handle_in("nested")]
    fn nested(&self, name: String) -> Result<Result<u8, Refusal>, Fault> {
        if name.is_empty() { Err(Fault::new("nobody")) } else { Ok(find(&name)) }
    }

    #[handle_in("alias")]
    fn alias(&self, name: String) -> Result<Found<u8>, Fault> {
        if name.is_empty() { Err(Fault::new("nobody")) } else { Ok(find(&name)) }
    }

    #[handle_in("reply")]
    async fn reply(&self, name: String) -> Result<Result<Reply, Refusal>, Fault> {
        if name.is_empty() { Err(Fault::new("nobody")) } else { Ok(find(&name).map(Reply::ok)) }
    }

    #[handle_in("where")]
    fn place(&self, _: Payload, endpoint: &Endpoint, event: &Event) -> Reply {
        Reply::ok(json!({ "event": &**event, "state": endpoint.state::<u8>().is_ok() }))
    }
}

/// Converts errors with `?`.
struct Fallible;

#[channel("fallible:{name}")]
impl Fallible {
    #[join]
    async fn join(name: String) -> Result<Self, JoinError> {
        if name == "full" {
            return Err(JoinError::new("full"));
        }
        let number = find(&name)?;
        let _: u8 = name.parse().or_fault().or(Ok::<_, Fault>(number))?;
        Ok(Self)
    }
}

/// Fails and does not say why.
struct Plain;

#[channel("plain:{name}")]
impl Plain {
    #[join]
    fn join(name: String) -> Result<Joined<Self>, Fault> {
        let _: u8 = name.parse()?;
        Ok(Joined::new(Self).then("joined"))
    }

    #[handle_info]
    fn text(&self, text: &'static str, socket: &Socket) {
        socket.push("text", text);
    }
}

struct Lobby;

#[channel("lobby")]
impl Lobby {
    #[join]
    fn join() -> Result<Self, ParseFault> {
        Err(ParseFault::from("seven".parse::<u8>().unwrap_err()))
    }
}

/// An error without `Serialize` that says by itself how it refuses.
struct ParseFault(ParseIntError);

impl From<ParseIntError> for ParseFault {
    fn from(error: ParseIntError) -> Self {
        Self(error)
    }
}

impl phx_runtime::channel::IntoJoinError for ParseFault {
    fn into_join_error(self) -> JoinError {
        JoinError::new(self.0.to_string())
    }
}

#[event("said")]
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Said {
    text: String,
    #[serde(default)]
    times: u32,
}

#[event("left")]
#[derive(Serialize, Deserialize)]
struct Left {}

/// Lists what it sends.
struct Typed;

#[channel("typed", sends(Said))]
impl Typed {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("say")]
    fn say(&self, text: String, socket: &Socket) {
        socket.push_event(Said { text: text.clone(), times: 1 });
        socket.broadcast_event(Said { text, times: 2 });
        socket.push("free", json!({}));
    }

    #[handle_in("leave")]
    fn leave(&self, socket: &Socket) {
        socket.push_event(Left {});
    }
}

struct Start;
struct Tick;

/// Counts seconds until it is told to stop.
struct Clock {
    timer: Option<Timer>,
}

#[channel("clock")]
impl Clock {
    #[join]
    fn join() -> Result<Joined<Self>, JoinError> {
        Ok(Joined::new(Self { timer: None }).then(Start))
    }

    #[handle_info]
    fn start(&mut self, _: Start, socket: &Socket) {
        self.timer = Some(socket.notify_every(Duration::from_secs(1), || Tick));
    }

    #[handle_info]
    fn tick(&self, _: Tick, socket: &Socket) {
        socket.push("tick", json!({}));
    }

    #[handle_in("stop")]
    fn stop(&mut self) -> Reply {
        self.timer.take().map_or_else(Reply::none, |timer| {
            timer.cancel();
            Reply::ack()
        })
    }
}

async fn client() -> testing::Client {
    let endpoint = Endpoint::builder().state(1_u8).socket::<Guest>().build().unwrap();
    testing::connect::<Guest>(&endpoint, json!({})).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_error_of_ones_own_refuses_a_connection() {
    let endpoint = Endpoint::builder().socket::<Guest>().build().unwrap();
    let refused = testing::connect::<Guest>(&endpoint, json!({ "name": "eve" })).await.unwrap_err();
    let (status, body) = refused.response();
    assert_eq!((status.as_u16(), body), (403, r#"{"name":"eve","reason":"unknown"}"#));
    assert!(!refused.is_fault());
}

#[tokio::test(start_paused = true)]
async fn an_error_of_ones_own_refuses_a_join() {
    let client = client().await;
    assert!(client.join(Own::topic("ann"), json!({})).await.is_ok());
    for topic in [Own::topic("eve"), Fallible::topic("eve")] {
        let refused = client.join(topic, json!({})).await.unwrap_err();
        assert_eq!(refused.reason(), "unknown");
    }
    assert_eq!(client.join(Fallible::topic("full"), json!({})).await.unwrap_err().reason(), "full");
    assert!(client.join(Fallible::topic("ann"), json!({})).await.is_ok());
    let refused = client.join(Lobby::topic(), json!({})).await.unwrap_err();
    assert_eq!(refused.reason(), "invalid digit found in string");
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_fault_is_told() {
    let client = client().await;
    let refused = client.join("plain:ann", json!({})).await.unwrap_err();
    assert_eq!(refused.reason(), "join crashed");
}

#[tokio::test(start_paused = true)]
async fn a_result_within_a_result_answers_what_is_inside() {
    let room = client().await.join("own:ann", json!({})).await.unwrap();
    for event in ["nested", "alias", "reply"] {
        assert_reply!(room.push(event, "ann").await, ok, 7);
        assert_reply!(room.push(event, "eve").await, error, { "reason": "unknown", "name": "eve" });
    }
    room.push("nested", "").await;
    assert_eq!(room.ended().await.unwrap(), testing::Ended::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_handler_borrows_the_endpoint_and_the_event() {
    let room = client().await.join("own:ann", json!({})).await.unwrap();
    assert_reply!(room.push("where", json!({})).await, ok, { "event": "where", "state": true });
}

#[tokio::test(start_paused = true)]
async fn a_static_text_is_a_message() {
    let room = client().await.join("plain:7", json!({})).await.unwrap();
    assert_push!(room, "text", "joined");
}

#[tokio::test(start_paused = true)]
async fn a_typed_event_goes_out_under_its_name_and_is_matched_by_its_type() {
    let client = client().await;
    let room = client.join(Typed::topic(), json!({})).await.unwrap();
    room.push("say", "hi").await;
    assert_push!(room, "said", { "text": "hi", "times": 1 });
    let said = assert_push!(room, Said { times: 2, .. });
    assert_eq!(said, Said { text: "hi".to_owned(), times: 2 });
    assert_push!(room, "free");

    client.endpoint().broadcast_event(Typed::topic(), Said { text: "all".to_owned(), times: 3 });
    assert_push!(room, Said { text, times } if text == "all" && *times > 2);
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_lists_its_typed_events_sends_no_other() {
    let client = client().await;
    let room = client.join(Typed::topic(), json!({})).await.unwrap();
    room.push("leave", json!({})).await;
    assert_eq!(room.ended().await.unwrap(), testing::Ended::Failed);
}

#[tokio::test(start_paused = true)]
async fn an_interval_goes_on_until_it_is_cancelled() {
    let client = client().await;
    let clock = client.join(Clock::topic(), json!({})).await.unwrap();
    for _ in 0..3 {
        assert_push!(clock, "tick");
    }
    assert_reply!(clock.push("stop", json!({})).await, ok);
    tokio::time::sleep(Duration::from_secs(5)).await;
    refute_push!(clock, "tick");
}

struct Notes;

/// Takes states that are registered as something else, or not at all.
struct Forgetful;

impl Open for Forgetful {}

#[channel("forgetful")]
impl Forgetful {
    #[join]
    fn join(_: Payload, limit: State<u8>) -> Result<Self, JoinError> {
        if limit.0 > 0 { Ok(Self) } else { Err(JoinError::new("full")) }
    }

    #[handle_in("notes")]
    fn notes(&self, _: Payload, notes: State<Arc<Notes>>, limit: State<u8>) -> Reply {
        Reply::ok(Arc::strong_count(&notes) + usize::from(limit.0))
    }

    #[handle_in("names")]
    fn names(&self, _: Payload, names: State<Vec<String>>) -> Reply {
        Reply::ok(names.len())
    }
}

#[test]
fn all_missing_states_are_named_at_once_and_what_may_have_been_meant() {
    let names = Arc::new(Vec::<String>::new());
    let built = Endpoint::builder().state(names).socket::<User<Forgetful>>().build();
    assert_eq!(
        built.unwrap_err().to_string(),
        "`Forgetful::notes` needs `State<Arc<Notes>>`: register it with `.state(..)`; \
         `Forgetful::names` needs `State<Vec<String>>`: there is a `Arc<Vec<String>>`, which \
         `State<Arc<Vec<String>>>` takes; \
         `Forgetful::notes` and `Forgetful::join` need `State<u8>`: register it with `.state(..)`"
    );
}
