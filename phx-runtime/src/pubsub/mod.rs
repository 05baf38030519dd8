//! Topics and their subscribers on this node. What is broadcast here is told to a [`Relay`] too, which
//! other nodes hear; what they broadcast comes in as [`Broadcast::received`].
//!
//! A broadcast is encoded at most once for each serializer and written straight to every
//! subscriber's connection. Messages that arrive while a topic's pass over its subscribers runs
//! leave together in the next pass, with one write for each connection: fan-out is bounded by the
//! number of system calls, so gathering is what makes a busy topic cheap.
//!
//! # Whose work it is
//!
//! Whoever publishes makes the passes, for one turn of bounded work (`pass::TURN`); what is left
//! after that is done by a task, a turn at a time. A client whose messages wait by the thousand is
//! not read until they are on their way.
//!
//! # Locks
//!
//! In the order in which they may be taken while another one is held: what ends with a channel
//! (`Member::ends`), a shard of topics, a room, or a presence's roster in place of the latter two. A
//! connection's outbox and mailbox come last: nothing is locked under either. Subscribers are called
//! and anything of the application is dropped under none of them.

mod broadcast;
mod by_serializer;
mod forwarding;
mod owner;
mod pass;
mod place;
mod received;
mod relay;
mod room;
mod seats;
mod sharded;
mod subscriber;
mod subscription;
mod topics;

pub use self::{
    broadcast::Broadcast,
    forwarding::Forwarding,
    subscription::{Subscription, SubscriptionError, SubscriptionErrorKind},
};
pub(crate) use self::{
    broadcast::Form,
    owner::for_owner,
    pass::Pass,
    place::Place,
    relay::Relay,
    sharded::Sharded,
    subscriber::Subscriber,
    subscription::Subscribed,
    topics::{Pace, PubSub},
};

#[cfg(test)]
mod tests;
