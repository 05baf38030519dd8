//! Broadcasts for application code that is no channel.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use thiserror::Error;
use tokio::sync::mpsc;

use super::{Broadcast, Pass, Place, PubSub, Subscriber};
use crate::channel::Topic;

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
    topic: Topic,
    pubsub: PubSub,
    receiver: mpsc::Receiver<Broadcast>,
    inbox: Arc<Inbox>,
}

/// A [`Subscription`] that received too slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{missed} broadcasts were dropped because the subscription received too slowly")]
pub struct SubscriptionError {
    missed: u64,
}

impl SubscriptionError {
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
        let inbox = Arc::new(Inbox { sender, missed: AtomicU64::new(0), place: Place::default() });
        pubsub.subscribe(&topic, inbox.clone());
        Self { topic, pubsub: pubsub.clone(), receiver, inbox }
    }

    /// The topic.
    pub fn topic(&self) -> &Topic {
        &self.topic
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
        let missed = self.inbox.missed.swap(0, Ordering::Relaxed);
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

impl Drop for Subscription {
    fn drop(&mut self) {
        self.pubsub.unsubscribe(&self.topic, &*self.inbox);
    }
}

impl Subscriber for Inbox {
    fn deliver(self: Arc<Self>, pass: &Pass, first: usize) {
        for message in &pass.messages()[first..] {
            if self.sender.try_send(message.clone()).is_err() {
                let missed = self.missed.fetch_add(1, Ordering::Relaxed);
                if missed == 0 {
                    tracing::warn!(topic = %message.topic(), "a subscription misses broadcasts");
                }
            }
        }
    }

    fn place(&self) -> &Place {
        &self.place
    }
}
