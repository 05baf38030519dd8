//! Presences of real connections: what clients are told, and that whoever goes is gone.

use std::{net::SocketAddr, sync::Arc};

use phx_runtime::{
    ConnectError, Endpoint, Fault, JoinError, Joined, Next, Payload, Presence, Reason, Reply,
    channel::{Channel, Context, Handling, Info, Join, JoinContext, Pattern, Route},
    json,
    options::{Mount, WebSocketOptions},
    presence::TrackError,
    socket::{ConnectContext, SocketState},
};
use serde_json::{Map, Value};
use tokio::sync::{Mutex, Semaphore, mpsc};

use crate::support::{
    raw_client::{CLOSE, RawClient, SOCKET},
    server::serve,
};

struct User {
    id: Option<String>,
}

impl SocketState for User {
    fn mount() -> Mount {
        Mount::new("/socket").websocket(WebSocketOptions::new())
    }

    async fn connect(cx: ConnectContext) -> Result<Self, ConnectError> {
        Ok(Self { id: cx.info().params().get("id").map(str::to_owned) })
    }

    fn id(&self) -> Option<String> {
        self.id.clone()
    }

    fn channels() -> Vec<Route<Self>> {
        vec![Route::of::<Room>()]
    }
}

/// Lets a test stand between the steps of a handler.
#[derive(Clone)]
struct Gate {
    open: Arc<Semaphore>,
    tracked: mpsc::UnboundedSender<Result<(), TrackError>>,
}

struct Room {
    user: String,
}

struct AfterJoin;

impl phx_runtime::channel::HandlesInfo<AfterJoin> for Room {}

impl Room {
    fn handle(&self, payload: Payload, cx: &Context) -> Result<Reply, Fault> {
        let presence = cx.state::<Presence>()?;
        let (socket, fields) = (cx.socket(), payload.decode::<Map<String, Value>>()?);
        let key = fields.get("key").and_then(Value::as_str).unwrap_or_default();
        match cx.event().as_str() {
            "update" => {
                presence.update(socket, &self.user, fields).map_err(Fault::from)?;
            }
            "update_fn" => {
                let merge = |mut old: Map<String, Value>| {
                    old.extend(fields.clone());
                    old
                };
                presence.update_with(socket, &self.user, merge).map_err(Fault::from)?;
            }
            "track" => {
                if let Err(error) = presence.track(socket, key, &fields) {
                    return Ok(Reply::error(json!({ "reason": error.to_string() })));
                }
            }
            "untrack" => presence.untrack(socket, key),
            "list" => return Ok(Reply::ok(presence.list(socket.topic()))),
            "get" => {
                return Ok(Reply::ok(match presence.get(socket.topic(), key) {
                    Some(entry) => json!({ "result": entry }),
                    None => json!({ "result": [] }),
                }));
            }
            "stop" => return Ok(Reply::stop(Reason::Normal)),
            "fail" => return Ok(Reply::stop(Reason::failed("by request"))),
            "crash" => panic!("told to"),
            event => return Ok(Reply::error(json!({ "unknown": event }))),
        }
        Ok(Reply::ack())
    }
}

impl Channel for Room {
    const PATTERNS: &'static [Pattern] = &[Pattern::new("room:*")];

    fn handle_in(self: Box<Self>, payload: Payload, cx: Context) -> Handling {
        if cx.event() == "track_late" {
            return Handling::later(self, |_| {
                Box::pin(async move {
                    let gate = cx.state::<Gate>().unwrap();
                    gate.open.acquire().await.unwrap().forget();
                    let presence = cx.state::<Presence>().unwrap();
                    let tracked = presence.track(cx.socket(), "late", json!({}));
                    gate.tracked.send(tracked.map(|_| ())).unwrap();
                })
            });
        }
        Handling::now(self, |room| room.handle(payload, &cx))
    }

    fn handle_info(self: Box<Self>, _: Info, cx: Context) -> Handling<Next> {
        Handling::now(self, |room| {
            let presence = cx.state::<Presence>()?;
            let meta = json!({ "of": room.user });
            presence.track(cx.socket(), &room.user, meta)?;
            cx.socket().push("presence_state", presence.list(cx.socket().topic()));
            Ok::<_, Fault>(())
        })
    }
}

impl Join<User> for Room {
    async fn join(cx: JoinContext<User>) -> Result<Joined<Self>, JoinError> {
        let payload = cx.payload().decode::<Value>()?;
        let user = payload["user"].as_str().unwrap_or("anon").to_owned();
        Ok(Joined::new(Self { user }).then(AfterJoin))
    }
}

struct Server {
    endpoint: Endpoint,
    presence: Presence,
    address: SocketAddr,
    gate: Arc<Semaphore>,
    tracked: Mutex<mpsc::UnboundedReceiver<Result<(), TrackError>>>,
}

async fn start() -> Server {
    let presence = Presence::new();
    let gate = Arc::new(Semaphore::new(0));
    let (sender, tracked) = mpsc::unbounded_channel();
    let endpoint = Endpoint::builder()
        .state(presence.clone())
        .state(Gate { open: gate.clone(), tracked: sender })
        .socket::<User>()
        .build()
        .unwrap();
    let address = serve(&endpoint).await;
    Server { endpoint, presence, address, gate, tracked: Mutex::new(tracked) }
}

const TOPIC: &str = "room:a";

/// Speaks version 2 in one topic.
struct Client {
    client: RawClient,
    refs: u32,
}

impl Client {
    /// Connects as the owner `user` and joins; comes back with the first `presence_state`.
    async fn join(server: &Server, user: &str) -> (Self, Value) {
        let path = format!("{SOCKET}&id=user:{user}");
        let client = RawClient::connect(server.address, &path, "").await;
        let mut client = Self { client, refs: 0 };
        client.send("phx_join", json!({ "user": user })).await;
        let state = client.next("presence_state").await;
        (client, state)
    }

    async fn send(&mut self, event: &str, payload: Value) {
        self.refs += 1;
        let message = json!(["1", self.refs.to_string(), TOPIC, event, payload]);
        self.client.say(&message).await;
    }

    /// The payload of the next message with this event; others are passed over.
    async fn next(&mut self, event: &str) -> Value {
        loop {
            let mut message = self.client.hear().await;
            if message[3] == event {
                return message[4].take();
            }
        }
    }

    /// Sends an event and waits for its `ok` or `error`.
    async fn call(&mut self, event: &str, payload: Value) -> Value {
        self.send(event, payload).await;
        self.next("phx_reply").await
    }

    /// The next diff as lists of the keys that joined and left.
    async fn diff(&mut self) -> (Vec<String>, Vec<String>) {
        let diff = self.next("presence_diff").await;
        (keys(&diff["joins"]), keys(&diff["leaves"]))
    }
}

fn keys(side: &Value) -> Vec<String> {
    side.as_object().unwrap().keys().cloned().collect()
}

fn only(joined: &[&str], left: &[&str]) -> (Vec<String>, Vec<String>) {
    let owned = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect();
    (owned(joined), owned(left))
}

#[tokio::test]
async fn who_joins_gets_everybody_and_the_others_get_the_difference() {
    let server = start().await;
    let (mut ann, state) = Client::join(&server, "ann").await;
    assert_eq!(keys(&state), ["ann"]);
    let (mut bob, state) = Client::join(&server, "bob").await;
    assert_eq!(keys(&state), ["ann", "bob"]);
    let own = ann.next("presence_diff").await;
    assert_eq!(own["joins"]["ann"], state["ann"]);
    assert_eq!(own["leaves"], json!({}));
    assert_eq!(ann.next("presence_diff").await["joins"]["bob"], state["bob"]);
    let list = bob.call("list", json!({})).await;
    assert_eq!(list, json!({ "status": "ok", "response": state }));
}

#[tokio::test]
async fn two_channels_of_one_key_are_two_metas() {
    let server = start().await;
    let (mut phone, _) = Client::join(&server, "ann").await;
    let (mut laptop, both) = Client::join(&server, "ann").await;
    let metas = both["ann"]["metas"].as_array().unwrap();
    assert_eq!(metas.len(), 2);
    assert_eq!(phone.next("presence_diff").await["joins"]["ann"]["metas"], json!([metas[0]]));
    assert_eq!(phone.next("presence_diff").await["joins"]["ann"]["metas"], json!([metas[1]]));
    laptop.send("phx_leave", json!({})).await;
    let left = phone.next("presence_diff").await;
    assert_eq!(left["leaves"]["ann"]["metas"], json!([metas[1]]));
    let got = phone.call("get", json!({ "key": "ann" })).await;
    assert_eq!(got["response"]["result"]["metas"], json!([metas[0]]));
}

#[tokio::test]
async fn an_update_replaces_the_meta_in_one_diff() {
    let server = start().await;
    let (mut ann, state) = Client::join(&server, "ann").await;
    ann.next("presence_diff").await;
    let mut old = state["ann"]["metas"][0].clone();
    let updates = [
        ("update", json!({ "typing": true }), json!({ "typing": true })),
        ("update_fn", json!({ "away": true }), json!({ "typing": true, "away": true })),
        // A client cannot make up references.
        ("update", json!({ "phx_ref": "x", "phx_ref_prev": "y" }), json!({})),
    ];
    for (event, payload, mut expected) in updates {
        ann.send(event, payload).await;
        let diff = ann.next("presence_diff").await;
        assert_eq!(diff["leaves"]["ann"]["metas"], json!([old]));
        let new = diff["joins"]["ann"]["metas"][0].clone();
        assert_ne!(new["phx_ref"], old["phx_ref"]);
        expected["phx_ref"] = new["phx_ref"].clone();
        expected["phx_ref_prev"] = old["phx_ref"].clone();
        assert_eq!(diff["joins"]["ann"]["metas"], json!([expected]));
        old = new;
    }
    let list = ann.call("list", json!({})).await;
    assert_eq!(list["response"], json!({ "ann": { "metas": [old] } }));
}

#[tokio::test]
async fn a_channel_tracks_more_keys_each_once() {
    let server = start().await;
    let (mut ann, _) = Client::join(&server, "ann").await;
    for key in ["", "cat", "ünï"] {
        assert_eq!(ann.call("track", json!({ "key": key })).await["status"], "ok");
    }
    let again = ann.call("track", json!({ "key": "cat" })).await;
    assert_eq!(again["status"], "error");
    let reason = again["response"]["reason"].as_str().unwrap();
    assert!(reason.contains("already_tracked"), "{reason}");
    let list = ann.call("list", json!({})).await;
    assert_eq!(keys(&list["response"]), ["", "ann", "cat", "ünï"]);
    assert_eq!(ann.call("untrack", json!({ "key": "cat" })).await["status"], "ok");
    assert_eq!(ann.call("untrack", json!({ "key": "dog" })).await["status"], "ok");
    let gone = ann.call("get", json!({ "key": "cat" })).await;
    assert_eq!(gone["response"], json!({ "result": [] }));
}

/// A way in which a client with its connection, or the server, ends a channel.
#[derive(Clone, Copy, Debug)]
enum End {
    Leave,
    Stop,
    Fail,
    Crash,
    Close,
    Drop,
    Disconnect,
}

#[tokio::test]
async fn however_a_channel_ends_the_others_get_one_leave() {
    let server = start().await;
    let (mut ann, _) = Client::join(&server, "ann").await;
    assert_eq!(ann.diff().await, only(&["ann"], &[]));
    let all =
        [End::Leave, End::Stop, End::Fail, End::Crash, End::Close, End::Drop, End::Disconnect];
    for end in all {
        let (mut bob, _) = Client::join(&server, "bob").await;
        assert_eq!(bob.call("track", json!({ "key": "cat" })).await["status"], "ok");
        assert_eq!(ann.diff().await, only(&["bob"], &[]), "{end:?}");
        assert_eq!(ann.diff().await, only(&["cat"], &[]), "{end:?}");
        // What a client does not drop itself stays open until the end of the round.
        let kept = match end {
            End::Leave => {
                bob.send("phx_leave", json!({})).await;
                Some(bob)
            }
            End::Stop | End::Fail | End::Crash => {
                let event = format!("{end:?}").to_lowercase();
                bob.send(&event, json!({})).await;
                Some(bob)
            }
            End::Close => {
                bob.client.send(CLOSE, b"").await;
                Some(bob)
            }
            End::Drop => {
                drop(bob);
                None
            }
            End::Disconnect => {
                server.endpoint.disconnect("user:bob");
                Some(bob)
            }
        };
        assert_eq!(ann.diff().await, only(&[], &["bob", "cat"]), "{end:?}");
        // Diffs come in order, so a second leave would come before this join.
        let (mut eve, state) = Client::join(&server, "eve").await;
        assert_eq!(keys(&state), ["ann", "eve"], "{end:?}");
        assert_eq!(ann.diff().await, only(&["eve"], &[]), "{end:?}");
        drop(kept);
        eve.send("phx_leave", json!({})).await;
        assert_eq!(ann.diff().await, only(&[], &["eve"]), "{end:?}");
    }
}

#[tokio::test]
async fn a_duplicate_join_replaces_the_presence() {
    let server = start().await;
    let (mut ann, before) = Client::join(&server, "ann").await;
    let (mut bob, _) = Client::join(&server, "bob").await;
    assert_eq!(bob.diff().await, only(&["bob"], &[]));
    ann.send("phx_join", json!({ "user": "ann" })).await;
    let after = ann.next("presence_state").await;
    let left = bob.next("presence_diff").await;
    assert_eq!(left, json!({ "joins": {}, "leaves": { "ann": before["ann"] } }));
    let joined = bob.next("presence_diff").await;
    assert_eq!(joined, json!({ "joins": { "ann": after["ann"] }, "leaves": {} }));
}

#[tokio::test]
async fn a_handler_that_outlives_its_connection_tracks_nobody() {
    let server = start().await;
    let (mut ann, _) = Client::join(&server, "ann").await;
    let (mut bob, _) = Client::join(&server, "bob").await;
    bob.send("track_late", json!({})).await;
    for joined in ["ann", "bob"] {
        assert_eq!(ann.diff().await, only(&[joined], &[]));
    }
    drop(bob);
    assert_eq!(ann.diff().await, only(&[], &["bob"]));
    server.gate.add_permits(1);
    let tracked = server.tracked.lock().await.recv().await.unwrap();
    assert!(matches!(tracked, Err(TrackError::ChannelEnded)), "{tracked:?}");
    assert_eq!(server.presence.list(TOPIC).len(), 1);
}

#[tokio::test]
async fn clients_of_version_1_get_the_same() {
    let server = start().await;
    let mut old = RawClient::connect(server.address, "/socket/websocket?vsn=1.0.0", "").await;
    let join =
        json!({ "topic": TOPIC, "event": "phx_join", "payload": { "user": "old" }, "ref": "1" });
    old.say(&join).await;
    let mut payloads = Map::new();
    while payloads.len() < 3 {
        let mut message = old.hear().await;
        payloads.insert(message["event"].as_str().unwrap().to_owned(), message["payload"].take());
    }
    let state = payloads["presence_state"].clone();
    assert_eq!(keys(&state), ["old"]);
    assert_eq!(payloads["presence_diff"], json!({ "joins": state, "leaves": {} }));
}

#[tokio::test]
async fn a_crowd_that_comes_and_goes_at_once_adds_up() {
    let server = start().await;
    let (mut ann, state) = Client::join(&server, "ann").await;
    let mut present = keys(&state);
    let crowd = (0..50).map(|n| {
        let server = &server;
        async move {
            let (mut client, _) = Client::join(server, &format!("user{n:02}")).await;
            if n % 2 == 0 {
                client.send("phx_leave", json!({})).await;
            }
            client
        }
    });
    let crowd = futures_util::future::join_all(crowd).await;
    while present.len() < 26 || present.iter().any(|key| key.ends_with(['0', '2', '4', '6', '8'])) {
        let (joined, left) = ann.diff().await;
        for key in left {
            let index = present.iter().position(|present| *present == key);
            present.swap_remove(index.expect("who leaves was present"));
        }
        present.extend(joined.into_iter().filter(|key| key != "ann"));
    }
    present.sort_unstable();
    let list = ann.call("list", json!({})).await;
    assert_eq!(keys(&list["response"]), present);
    drop(crowd);
}
