//! What handlers take, made without a client, for tests that call them as the plain functions they are.

use super::message::{Received, Sent};
use crate::{
    ReplyRef,
    channel::{Socket, detached},
    connection::Outgoing,
    endpoint::Endpoint,
    message::{EventName, ToPayload, TopicName},
    pubsub::Broadcast,
    serializer::MessageRef,
};

/// A channel handle without a client. [`sent`] tells what was sent through it, and its
/// [`endpoint`](Socket::endpoint), which has no sockets and no states, what was broadcast.
///
/// ```
/// use phx_runtime::{prelude::*, testing};
///
/// struct Room;
///
/// #[channel("room:*")]
/// impl Room {
///     #[join]
///     fn join() -> Result<Joined<Self>, JoinError> {
///         Ok(Joined::new(Self).reply(json!({ "people": 3 })))
///     }
///
///     #[handle_in("export")]
///     fn export(&self, _: Payload, reply: ReplyRef, socket: &Socket) {
///         socket.push("started", json!({}));
///         reply.ok(json!({ "pages": 7 }));
///     }
/// }
///
/// assert_eq!(Room::join().unwrap().response(), Some(json!({ "people": 3 })));
/// let socket = testing::socket("room:lobby");
/// let nothing = testing::payload(json!({}));
/// Room.export(nothing, testing::reply_ref(&socket), &socket);
/// let sent = testing::sent(&socket);
/// assert!(sent[0].is_push("started"));
/// assert!(sent[1].is_reply("ok"));
/// assert_eq!(sent[1].json(), json!({ "pages": 7 }));
/// ```
///
/// # Panics
///
/// Never: an endpoint without sockets can always be built.
pub fn socket(topic: impl TopicName) -> Socket {
    #[expect(clippy::expect_used, reason = "an endpoint without sockets has nothing to check")]
    let endpoint = Endpoint::builder().build().expect("an endpoint without sockets");
    socket_of(&endpoint, topic)
}

/// A channel handle without a client, as [`socket`] makes one, of a certain endpoint.
pub fn socket_of(endpoint: &Endpoint, topic: impl TopicName) -> Socket {
    detached(topic.into(), endpoint.clone())
}

/// What was pushed and replied to the client of a handle that [`socket`] made, in its order, since the last
/// time. A broadcast goes to those who subscribed, `socket.endpoint().subscribe(socket.topic())`.
pub fn sent(socket: &Socket) -> Vec<Sent> {
    let frames = socket.connection().take_frames().into_iter();
    let messages = frames.filter_map(|frame| match frame {
        Outgoing::Frame(frame) => Received::read(&frame),
        _ => None,
    });
    messages.map(|message| message.body).collect()
}

/// The right to answer a message that nobody sent; the answer is among what was [`sent`].
pub fn reply_ref(socket: &Socket) -> ReplyRef {
    ReplyRef::new(socket.clone(), MessageRef::from_str("1"))
}

/// A broadcast, as `#[handle_info]` gets it from a topic that the channel subscribed to.
///
/// # Panics
///
/// Panics if the payload cannot be encoded.
pub fn broadcast(
    topic: impl TopicName,
    event: impl EventName,
    payload: impl ToPayload,
) -> Broadcast {
    let event = event.as_ref();
    let made = payload
        .to_payload()
        .and_then(|payload| Broadcast::new(topic.into(), event, &payload, None));
    made.unwrap_or_else(|error| panic!("the payload of {event:?} cannot be encoded: {error}"))
}

/// A payload, as handlers get it from a client.
///
/// # Panics
///
/// Panics if the value cannot be encoded.
pub fn payload(value: impl ToPayload) -> crate::Payload {
    value.to_payload().unwrap_or_else(|error| panic!("the payload cannot be encoded: {error}"))
}
