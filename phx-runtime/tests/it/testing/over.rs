//! One scenario over every transport.

use std::time::Duration;

use phx_runtime::{
    assert_push, assert_reply,
    options::SessionOptions,
    prelude::*,
    refute_push, refute_reply,
    session_cookie::Session,
    testing::{self, Ended, Over},
    transport::CloseCode,
};
use serde_json::Value;
use tokio::time::Instant;

use super::support::{User, client, endpoint, present};

#[testing::test(memory, websocket, longpoll)]
async fn people_talk(over: Over) {
    let endpoint = endpoint();
    let ann = client(&endpoint, "Ann é&=+ 1").over(over).connect().await.unwrap();
    let bob = client(&endpoint, "bob").over(over).connect().await.unwrap();
    let anns = ann.join("room:1", json!({ "a": 1 })).await.unwrap();
    assert_eq!(anns.response().decode::<Value>().unwrap(), json!({ "a": 1 }));
    let bobs = bob.join("room:1", json!({})).await.unwrap();
    assert_push!(anns, "presence_diff", { "joins": { "bob": _ } });
    assert_reply!(anns.push("say", "hi").await, ok, { "heard": 1 });
    assert_push!(bobs, "said", { "by": "Ann é&=+ 1", "text": "hi" });
    refute_push!(bobs, "said");
    assert_eq!(ann.join("nowhere", json!({})).await.unwrap_err().reason(), "unmatched topic");
    bobs.push("go", json!({})).await;
    assert_eq!(bobs.ended().await, Ok(Ended::Closed));
    assert_reply!(anns.leave().await, ok);
    assert_eq!(anns.ended().await, Ok(Ended::Closed));
    ann.close().await;
    bob.close().await;
    assert_eq!(endpoint.connections(), 0);
}

#[testing::test(memory, websocket)]
async fn bytes_travel(over: Over) {
    let endpoint = endpoint();
    let ann = client(&endpoint, "ann").over(over).connect().await.unwrap();
    let room = ann.join("room:1", json!({})).await.unwrap();
    for len in [0, 1, 125, 126, 70_000] {
        let bytes = Binary::from(vec![7; len]);
        let echoed = room.push("bytes", bytes.clone()).await;
        assert_eq!(assert_reply!(echoed, ok).decode::<Binary>().unwrap(), bytes, "{len}");
    }
}

#[testing::test(memory, websocket, longpoll)]
async fn who_is_idle_is_not_cut_off(over: Over) {
    let endpoint = endpoint();
    let ann = client(&endpoint, "ann").over(over).connect().await.unwrap();
    let room = ann.join("room:1", json!({})).await.unwrap();
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert_reply!(room.push("say", "still here").await, ok);
    assert_push!(room, "said");
}

#[testing::test(memory, websocket, longpoll)]
async fn a_token_that_is_not_good_is_refused(over: Over) {
    let endpoint = endpoint();
    let good = client(&endpoint, "ann").auth_token("good token+/=").over(over).connect().await;
    assert!(good.is_ok());
    let bad = client(&endpoint, "ann").auth_token("bad").over(over).connect().await;
    assert!(!bad.unwrap_err().is_fault());
    assert_eq!(endpoint.connections(), 1);
}

#[testing::test(memory, websocket, longpoll)]
async fn a_client_that_is_lost_comes_back(over: Over) {
    let endpoint = endpoint();
    let mut ann = client(&endpoint, "ann").over(over).connect().await.unwrap();
    let room = ann.join("room:1", json!({})).await.unwrap();
    assert_push!(room, "presence_diff");
    ann.lose().await.unwrap();
    assert!(present(&endpoint).is_empty());
    refute_reply!(room.push("say", "into the void").await);
    ann.reconnect().await.unwrap();
    assert_push!(room, "presence_diff");
    assert_reply!(room.push("say", "back").await, ok, { "heard": 1 });

    let silence = ann.fall_silent();
    ann.reconnect().await.unwrap();
    assert_eq!(endpoint.connections(), 2);
    silence.noticed().await.unwrap();
    assert_eq!(endpoint.connections(), 1);
    assert_eq!(present(&endpoint), ["ann"]);
    assert_reply!(room.push("say", "again").await, ok);
}

#[testing::test(memory, websocket)]
async fn a_server_that_stops_says_so(over: Over) {
    let endpoint = endpoint();
    let ann = client(&endpoint, "ann").over(over).connect().await.unwrap();
    let room = ann.join("room:1", json!({})).await.unwrap();
    assert_eq!(ann.id(), Some("user:ann"));
    endpoint.disconnect("user:ann");
    assert_eq!(ann.closed().await, Ok(CloseCode::GOING_AWAY));
    refute_reply!(room.push("say", "hello?").await);
}

#[testing::test(memory, websocket, longpoll)]
async fn a_slow_line_and_what_comes_twice(over: Over) {
    let endpoint = endpoint();
    let ann = client(&endpoint, "ann").over(over).connect().await.unwrap();
    let room = ann.join("room:1", json!({})).await.unwrap();
    ann.set_delay(Duration::from_secs(2));
    ann.set_repeated(true);
    let began = Instant::now();
    let said = room.push("say", "slowly, and twice").await;
    assert_reply!(said, ok, { "heard": 1 });
    assert_reply!(said, ok, { "heard": 2 });
    assert!(began.elapsed() >= Duration::from_secs(2));
}

#[testing::test(memory, websocket, longpoll)]
async fn a_session_and_headers_come_along(over: Over) {
    struct Visitor;

    #[socket("/visitors", websocket, longpoll)]
    impl Visitor {
        #[connect]
        fn connect(_: Params, info: &ConnectInfo) -> Result<Self, ConnectError> {
            let user = info.session().and_then(|session| session.get("user"));
            assert_eq!(user, Some(&json!(7)));
            assert_eq!(info.user_agent(), Some("a phone"));
            assert_eq!(info.x_headers().collect::<Vec<_>>(), [("x-tenant", "acme")]);
            assert_eq!(info.peer(), Some(([192, 0, 2, 1], 7).into()));
            assert_eq!(info.uri().host(), Some("chat.example.com"));
            Ok(Self)
        }
    }

    let builder = Endpoint::builder().session(SessionOptions::new("_app")).socket::<Visitor>();
    let endpoint = builder.build().unwrap();
    let mut session = Session::new();
    session.insert("user", 7);
    let visitor = testing::client::<Visitor>(&endpoint)
        .over(over)
        .session(session)
        .header("user-agent", "a phone")
        .header("x-tenant", "acme")
        .header("cookie", "another=1")
        .peer(([192, 0, 2, 1], 7))
        .uri("http://chat.example.com");
    visitor.connect().await.unwrap();
}

#[testing::test(memory, websocket, longpoll)]
#[should_panic(expected = "whatever the scenario says")]
async fn what_a_scenario_expects_its_tests_expect(over: Over) {
    let _client = client(&endpoint(), "ann").over(over).connect().await.unwrap();
    panic!("whatever the scenario says");
}

#[testing::test(memory, start_paused = false)]
async fn what_a_scenario_returns_its_tests_return(over: Over) -> Result<(), ConnectError> {
    client(&endpoint(), "ann").over(over).connect().await.map(drop)
}

#[testing::test(websocket, longpoll)]
#[should_panic(expected = "`User` is not mounted under its own path: `.socket::<User>()`")]
async fn a_socket_has_to_be_mounted(over: Over) {
    let endpoint = Endpoint::builder().build().unwrap();
    let _ = testing::client::<User>(&endpoint).over(over).connect().await;
}
