//! Attributes that are not ours stay where they were.

use phx_runtime::prelude::*;

struct Room {
    count: u8,
}

#[channel("room:*")]
#[allow(clippy::needless_pass_by_ref_mut)]
#[doc = "A documented block."]
impl Room {
    #![allow(clippy::unused_self)]

    /// Documentation, and an attribute with arguments of its own.
    #[join]
    #[tracing::instrument(skip_all, fields(kind = "room"))]
    async fn join(topic: &Topic) -> Result<Self, JoinError> {
        tokio::task::yield_now().await;
        Ok(Self { count: u8::from(topic.rest().is_empty()) })
    }

    #[deprecated = "still called by clients of last year"]
    #[handle_in("old")]
    fn old(&mut self) {
        self.count += 1;
    }

    #[must_use]
    #[inline]
    #[phx_runtime::handle_in("new")]
    pub fn new(&self, #[allow(unused)] payload: Payload) -> Reply {
        Reply::ok(json!({ "count": self.count }))
    }

    #[expect(clippy::unused_async, reason = "attributes of lints are kept too")]
    #[handle_info]
    async fn info(&mut self, (): ()) {
        self.count = 0;
    }
}

#[tokio::test]
async fn handlers_can_still_be_called() {
    let room = Room::join(&Topic::from("room:")).await.unwrap();
    let reply = room.new(Payload::json(&1).unwrap());
    assert_eq!(reply.response(), Some(json!({ "count": 1 })));
}
