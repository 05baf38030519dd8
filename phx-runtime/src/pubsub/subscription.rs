//! Subscribing for as long as something is kept; broadcasts for application code that is no channel.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use thiserror::Error;
use tokio::sync::mpsc;

use super::{
    broadcast::Broadcast, pass::Pass, place::Place, subscriber::Subscriber, topics::PubSub,
};
use crate::{log, message::Topic};

/// Messages that may wait for a subscription that does not receive.
const CAPACITY: usize = 1024;

/// Receives what is broadcast on a topic, until it is dropped.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use phx_runtime::{Endpoint, json};
///
/// let endpoint = Endpoint::builder().build().unwrap();
/// let mut prices = endpoint.subscribe("prices");
/// endpoint.broadcast("prices", "changed", json!({ "EUR": 1.07 }));
/// let message = prices.recv().await.unwrap();
/// assert_eq!(message.event(), "changed");
/// # });
/// ```
#[derive(Debug)]
pub struct Subscription {
    receiver: mpsc::Receiver<Broadcast>,
    inbox: Subscribed<Inbox>,
}

/// Keeps somebody subscribed to a topic until it is dropped.
#[derive(Debug)]
pub(crate) struct Subscribed<S: Subscriber> {
    pubsub: PubSub,
    topic: Topic,
    subscriber: Arc<S>,
}

/// A [`Subscription`] that received too slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{missed} broadcasts were dropped because the subscription received too slowly")]
pub struct SubscriptionError {
    missed: u64,
}

/// Sorts of [`SubscriptionError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubscriptionErrorKind {
    /// It received too slowly, and broadcasts were dropped; those that follow are received.
    Missed,
}

impl SubscriptionError {
    /// What is wrong, for a program.
    pub fn kind(&self) -> SubscriptionErrorKind {
        SubscriptionErrorKind::Missed
    }

    /// How many broadcasts were dropped.
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

#[derive(Debug)]
struct Inbox {
    sender: mpsc::Sender<Broadcast>,
    missed: AtomicU64,
    place: Place,
}

impl Subscription {
    pub(crate) fn new(pubsub: &PubSub, topic: Topic) -> Self {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        let inbox = Inbox { sender, missed: AtomicU64::new(0), place: Place::default() };
        Self { receiver, inbox: Subscribed::new(pubsub, topic, Arc::new(inbox)) }
    }

    /// The topic.
    pub fn topic(&self) -> &Topic {
        self.inbox.topic()
    }

    /// Waits for the next broadcast.
    ///
    /// # Errors
    ///
    /// 1,024 broadcasts may wait. Those that come when there is no room are dropped and counted;
    /// the count is returned once, then receiving goes on.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the returned future is dropped before it is ready.
    pub async fn recv(&mut self) -> Result<Broadcast, SubscriptionError> {
        let missed = self.inbox.subscriber().missed.swap(0, Ordering::Relaxed);
        if missed > 0 {
            return Err(SubscriptionError { missed });
        }
        match self.receiver.recv().await {
            Some(broadcast) => Ok(broadcast),
            // The inbox, and with it the sender, lives as long as this subscription.
            None => std::future::pending().await,
        }
    }
}

impl<S: Subscriber + 'static> Subscribed<S> {
    /// Subscribes until the result is dropped.
    pub(crate) fn new(pubsub: &PubSub, topic: Topic, subscriber: Arc<S>) -> Self {
        pubsub.subscribe(&topic, subscriber.clone());
        Self { pubsub: pubsub.clone(), topic, subscriber }
    }

    pub(crate) fn topic(&self) -> &Topic {
        &self.topic
    }

    pub(crate) fn subscriber(&self) -> &S {
        &self.subscriber
    }
}

impl<S: Subscriber> Drop for Subscribed<S> {
    fn drop(&mut self) {
        self.pubsub.unsubscribe(&self.topic, &*self.subscriber);
    }
}

impl Subscriber for Inbox {
    fn deliver(self: Arc<Self>, pass: &Pass, first: usize) {
        for message in &pass.messages()[first..] {
            if self.sender.try_send(message.clone()).is_err() {
                let missed = self.missed.fetch_add(1, Ordering::Relaxed);
                log::missed_broadcast(message.topic(), missed == 0);
            }
        }
    }

    fn place(&self) -> &Place {
        &self.place
    }
}
