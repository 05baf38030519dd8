//! Connection parameters as clients write them.

use std::net::SocketAddr;

use phx_runtime::{
    Endpoint, Joined, json,
    options::{LongPollOptions, Mount, WebSocketOptions},
    prelude::*,
};
use serde::{Deserialize, Serialize};

use crate::{
    admission::server::{User, serve},
    support::{handshake::open, http_client},
};

#[derive(Deserialize, Serialize)]
struct Person {
    id: u64,
}

#[derive(Deserialize, Serialize)]
struct Known {
    user: Person,
    rooms: Vec<String>,
}

struct Typed(Known);

#[socket("/typed", websocket)]
#[channels(Room)]
impl Typed {
    #[connect]
    fn connect(params: Known) -> Result<Self, ConnectError> {
        Ok(Self(params))
    }
}

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(user: &Typed) -> Result<Joined<Self>, JoinError> {
        Ok(Joined::new(Self).reply(&user.0))
    }
}

async fn both_transports() -> SocketAddr {
    let mount = Mount::new("/socket").websocket(WebSocketOptions::new());
    let mount = mount.longpoll(LongPollOptions::new());
    serve(Endpoint::builder().socket_at::<User>(mount).socket::<Typed>()).await
}

#[tokio::test]
async fn objects_and_lists_of_the_stock_client_reach_typed_parameters() {
    let at = both_transports().await;
    // What `new Socket(url, {params: {user: {id: 7}, rooms: ["a", "b"]}})` asks for.
    let target = "/typed/websocket?user%5Bid%5D=7&rooms%5B0%5D=a&rooms%5B1%5D=b&vsn=2.0.0";
    let mut client = open(at, target, &[]).await.accepted();
    let known = client.join("room:1", json!({})).await["response"].take();
    assert_eq!(known, json!({ "user": { "id": 7 }, "rooms": ["a", "b"] }));
    let wrong = "/typed/websocket?user=7&rooms[]=a&vsn=2.0.0";
    assert_eq!(open(at, wrong, &[]).await.status, 403);
}

#[tokio::test]
async fn a_version_that_is_a_list_or_an_object_is_none() {
    let at = both_transports().await;
    for query in ["vsn[]=2.0.0", "vsn[a]=2.0.0", "vsn=2.0.0&vsn[]=2.0.0", "vsn%5B%5D=1.0.0"] {
        assert_eq!(
            open(at, &format!("/socket/websocket?{query}"), &[]).await.status,
            403,
            "{query}"
        );
        let answer = http_client::get(at, &format!("/socket/longpoll?{query}")).await;
        assert_eq!(answer.status(), 403, "{query}");
    }
    assert_eq!(open(at, "/socket/websocket?vsn[]=a&vsn=2.0.0", &[]).await.status, 101);
}

#[tokio::test]
async fn more_parameters_than_anybody_has_are_a_bad_request() {
    let at = both_transports().await;
    let names: Vec<_> = (0..17_000).map(|name| format!("{name:x}")).collect();
    let names = "&".to_owned() + &names.join("&");
    let depth = format!("&a{}=1", "[b]".repeat(100));
    for query in [&names[..60_000], &depth] {
        let query = format!("vsn=2.0.0{query}");
        assert_eq!(open(at, &format!("/socket/websocket?{query}"), &[]).await.status, 400);
        let answer = http_client::get(at, &format!("/socket/longpoll?{query}")).await;
        assert_eq!(answer.http, 400);
    }
    let query = &names[..3_500];
    assert_eq!(open(at, &format!("/socket/websocket?vsn=2.0.0{query}"), &[]).await.status, 101);
}
