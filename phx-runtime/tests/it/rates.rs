//! How many messages a client may send, as attributes say it.

use std::time::Duration;

use phx_runtime::{assert_reply, prelude::*, testing};

struct User;

#[socket("/socket", websocket, max_rate(per_second = 10, burst = 5))]
#[channels(Room)]
impl User {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("say", max_rate(per_second = 1, burst = 2))]
    fn say(&self, _: Payload) -> Reply {
        Reply::ack()
    }

    #[handle_in("typing_start", "typing_stop", max_rate(per_second = 1))]
    fn typing(&self, _: Payload) -> Reply {
        Reply::ack()
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_takes_so_many_messages_of_a_connection_whatever_their_topics() {
    let endpoint = Endpoint::builder().socket::<User>().build().unwrap();
    let ann = testing::connect::<User>(&endpoint, json!({})).await.unwrap();
    let here = ann.join("room:1", json!({})).await.unwrap();
    let there = ann.join("room:2", json!({})).await.unwrap();
    assert_reply!(here.push("say", 1).await, ok);
    assert_reply!(there.push("say", 2).await, ok);
    let limited = here.push("say", 3).await;
    assert_reply!(limited, error, { "reason": "rate limited", "retry_after_ms": 1000 });
    // The events of one handler share its rate.
    assert_reply!(here.push("typing_start", 4).await, ok);
    let limited = here.push("typing_stop", 5).await;
    assert_reply!(limited, error, { "reason": "rate limited", "retry_after_ms": 1000 });
    // Those that were refused did not use up what the connection may send in all: that was three of
    // five.
    assert_reply!(here.push("unknown", 6).await, error, { "reason": "unmatched event" });
    assert_reply!(here.push("unknown", 7).await, error, { "reason": "unmatched event" });
    let limited = here.push("unknown", 8).await;
    assert_reply!(limited, error, { "reason": "rate limited", "retry_after_ms": 100 });
    // Another connection has its own.
    let bob = testing::connect::<User>(&endpoint, json!({})).await.unwrap();
    let bob = bob.join("room:1", json!({})).await.unwrap();
    assert_reply!(bob.push("say", 9).await, ok);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_reply!(here.push("say", 10).await, ok);
}
