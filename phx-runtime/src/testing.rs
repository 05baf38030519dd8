//! Helpers for tests of channels.

use crate::{
    channel::{Socket, Topic, detached},
    endpoint::Endpoint,
};

/// A channel handle without a client, to call handlers with that are plain functions.
///
/// # Panics
///
/// Never: an endpoint without sockets can always be built.
pub fn socket(topic: impl Into<Topic>) -> Socket {
    #[expect(clippy::expect_used, reason = "an endpoint without sockets has nothing to check")]
    let endpoint = Endpoint::builder().build().expect("an endpoint without sockets");
    detached(topic.into(), endpoint)
}
