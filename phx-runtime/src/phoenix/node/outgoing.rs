//! What waits to be published.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};

use crate::{
    cluster::{Address, Parcel},
    log,
};

/// What Redis itself takes, as long as all who listen keep up: 32 MB for all that waits for one.
pub(super) const MAX_MESSAGE: usize = 24 * 1024 * 1024;

/// Messages that leave together at most, and their bytes, unless it is one message.
const BATCH: usize = 256;
const BATCH_BYTES: usize = 256 * 1024;

/// How long a message may wait: clients elsewhere should not get what is no longer true.
const MAX_AGE: Duration = Duration::from_secs(5);

/// Bytes that may wait.
const MAX_WAITING: usize = 32 * 1024 * 1024;

/// What a message counts for besides its bytes.
const OVERHEAD: usize = 64;

#[derive(Default)]
pub(super) struct Outgoing {
    queue: Mutex<Queue>,
    ready: Notify,
}

#[derive(Default)]
struct Queue {
    messages: VecDeque<(Instant, Bytes)>,
    bytes: usize,
    /// Whether the last one was dropped for want of room.
    is_full: bool,
}

impl Outgoing {
    /// Lets a message wait, which is dropped if there is no room.
    pub(super) fn push(&self, message: Vec<u8>) {
        let size = message.len() + OVERHEAD;
        let mut queue = self.queue.lock();
        queue.expire();
        if queue.bytes + size > MAX_WAITING {
            log::phoenix_outgoing_full(!std::mem::replace(&mut queue.is_full, true));
            return;
        }
        queue.is_full = false;
        queue.bytes += size;
        queue.messages.push_back((Instant::now(), message.into()));
        drop(queue);
        self.ready.notify_one();
    }

    /// Waits until something does.
    pub(super) async fn ready(&self) {
        loop {
            if !self.queue.lock().messages.is_empty() {
                return;
            }
            self.ready.notified().await;
        }
    }

    /// What leaves next, in order.
    pub(super) fn batch(&self) -> Vec<Parcel> {
        let mut queue = self.queue.lock();
        queue.expire();
        let (mut parcels, mut bytes) = (Vec::new(), 0);
        while let Some((_, next)) = queue.messages.front() {
            if parcels.len() == BATCH || (bytes > 0 && bytes + next.len() > BATCH_BYTES) {
                break;
            }
            let Some(payload) = queue.pop() else { break };
            bytes += payload.len();
            parcels.push(Parcel { to: Address::Channel(0), payload });
        }
        if queue.messages.is_empty() && queue.messages.capacity() > BATCH {
            queue.messages = VecDeque::new();
        }
        parcels
    }
}

impl Queue {
    fn pop(&mut self) -> Option<Bytes> {
        let (_, message) = self.messages.pop_front()?;
        self.bytes -= message.len() + OVERHEAD;
        Some(message)
    }

    fn expire(&mut self) {
        let mut expired = 0;
        while self.messages.front().is_some_and(|(since, _)| since.elapsed() > MAX_AGE) {
            self.pop();
            expired += 1;
        }
        log::phoenix_outgoing_expired(expired);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_old_or_has_no_room_is_dropped_and_the_rest_leaves_in_order() {
        let outgoing = Outgoing::default();
        outgoing.push(vec![0]);
        tokio::time::advance(MAX_AGE + Duration::from_millis(1)).await;
        for number in 0..300_u16 {
            outgoing.push(number.to_be_bytes().to_vec());
        }
        outgoing.push(vec![0; MAX_WAITING]);
        let first = outgoing.batch();
        assert_eq!((first.len(), &*first[0].payload), (BATCH, &[0, 0][..]));
        assert_eq!(outgoing.batch().len(), 300 - BATCH);
        assert!(outgoing.batch().is_empty());
        outgoing.push(vec![0; BATCH_BYTES]);
        outgoing.push(vec![1]);
        assert_eq!(outgoing.batch().len(), 1, "a large one leaves alone");
    }
}
