//! Broadcasts that `#[handle_out]` takes.

use phx_runtime::prelude::*;
use serde::{Deserialize, Serialize};

use crate::support::{
    everybody::{Open, User},
    logs::Logs,
    raw_client::RawClient,
    server::serve,
};

struct Feed;

impl Open for Feed {}

#[derive(Serialize, Deserialize)]
struct News {
    number: u32,
}

#[channel("feed:*")]
impl Feed {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_out("news")]
    fn news(&self, news: News, socket: &Socket) {
        socket.push("news", news);
    }
}

#[tokio::test]
async fn a_broadcast_that_its_handler_cannot_read_is_dropped_and_logged() {
    let logs = Logs::from("warn");
    let endpoint = Endpoint::builder().socket::<User<Feed>>().build().unwrap();
    let mut client = RawClient::joined(serve(&endpoint).await, "feed:a").await;
    endpoint.broadcast("feed:a", "news", json!({ "number": "one" }));
    endpoint.broadcast("feed:a", "news", Binary::from(vec![1]));
    endpoint.broadcast("feed:a", "news", json!({ "number": 2 }));
    // The client gets what can be read, and nothing instead of the rest.
    assert_eq!(client.hear().await, json!(["1", null, "feed:a", "news", { "number": 2 }]));
    let text = logs.take();
    let lines: Vec<_> = text.lines().collect();
    let [not_a_number, bytes] = lines[..] else { panic!("{text}") };
    for (line, error) in [(not_a_number, "expected u32"), (bytes, "expected JSON, got binary data")]
    {
        assert!(line.contains(" WARN phx_runtime::log: "), "{line}");
        assert!(line.contains(r#"topic="feed:a" event="news""#), "{line}");
        assert!(line.contains(r#"reason="invalid_broadcast""#) && line.contains(error), "{line}");
    }
}
