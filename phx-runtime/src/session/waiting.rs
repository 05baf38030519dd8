//! What waits for channels that have no time: how much of it there may be.
//!
//! A client chooses how much it sends to a channel whose handler waits, and others choose how much
//! they broadcast to it. Both are bounded, for all channels of a connection together: by not reading
//! on, so that the client waits too, and by giving up a connection that does not get to what others
//! send it.

use std::collections::VecDeque;

use crate::{
    connection::MAILBOX_LIMIT,
    message::Info,
    pubsub::Broadcast,
    serializer::{ClientMessage, Message},
};

/// Messages of the client that may wait before no more are read.
const MESSAGES: u32 = 1000;

/// Something for a channel to do.
pub(super) enum Work {
    /// A message from the client: an event, a leave, or another join.
    Client(Message),
    /// A broadcast that the channel intercepts.
    Out(Broadcast),
    /// A message from the application.
    Info(Info),
    /// The channel failed outside of a callback.
    Failed,
}

/// Work that waits.
pub(super) struct Queued {
    work: Work,
    /// Of a client's message the size of its frame, uncompressed: a long one is kept as a whole for
    /// its payload.
    bytes: usize,
}

/// What waits for one channel, oldest first. Takes the memory of a pointer while nothing does.
#[derive(Default)]
#[expect(clippy::box_collection, reason = "there is none for most channels")]
pub(super) struct Queue(Option<Box<VecDeque<Queued>>>);

impl Queue {
    /// Whether a message that joins is among it.
    pub(super) fn has_join(&self) -> bool {
        let is_join = |queued: &Queued| match &queued.work {
            Work::Client(message) => message.kind() == ClientMessage::Join,
            Work::Out(_) | Work::Info(_) | Work::Failed => false,
        };
        self.0.as_ref().is_some_and(|queue| queue.iter().any(is_join))
    }

    fn all(&mut self) -> &mut VecDeque<Queued> {
        self.0.get_or_insert_default()
    }
}

/// How much waits in the queues of all slots.
#[derive(Default)]
pub(super) struct Waiting {
    /// At most [`MESSAGES`], and what one read may hold beside them.
    messages: u32,
    /// At most [`MAILBOX_LIMIT`], and what a join sends to its channel.
    letters: u32,
    bytes: usize,
}

/// More waits than may, and it is not the client who can be told to wait.
pub(super) struct TooMuch;

impl Waiting {
    /// Whether more messages of the client may come. How long one is, nobody knows before it was
    /// read: the last may go beyond `max_bytes`, and one may wait alone however long it is.
    pub(super) fn has_room(&self, max_bytes: usize) -> bool {
        self.messages == 0 || (self.messages < MESSAGES && self.bytes < max_bytes)
    }

    /// Queues work of `bytes`.
    pub(super) fn push(
        &mut self,
        queue: &mut Queue,
        mut work: Work,
        bytes: usize,
    ) -> Result<(), TooMuch> {
        if let Work::Client(message) = &mut work {
            // A payload is a part of all that was read at once, or of a whole request's body, which
            // a thousand short ones would keep a thousand times.
            message.payload.detach();
        }
        if !matches!(work, Work::Client(_)) && self.letters as usize >= MAILBOX_LIMIT {
            return Err(TooMuch);
        }
        let queued = Queued { work, bytes };
        self.count(&queued);
        queue.all().push_back(queued);
        Ok(())
    }

    /// Queues what a channel sent to itself with its join: before all that came meanwhile.
    pub(super) fn push_first(
        &mut self,
        queue: &mut Queue,
        messages: impl DoubleEndedIterator<Item = Info>,
    ) {
        for message in messages.rev() {
            let queued = Queued { work: Work::Info(message), bytes: 0 };
            self.count(&queued);
            queue.all().push_front(queued);
        }
    }

    /// Takes out the next work.
    pub(super) fn pop(&mut self, queue: &mut Queue) -> Option<Work> {
        let Some(queued) = queue.0.as_mut()?.pop_front() else {
            *queue = Queue::default();
            return None;
        };
        self.uncount(&queued);
        Some(queued.work)
    }

    /// Takes out the client's next message, and drops what is not from the client: for what waited
    /// for a channel that is over.
    pub(super) fn pop_message(&mut self, queue: &mut Queue) -> Option<Message> {
        loop {
            if let Work::Client(message) = self.pop(queue)? {
                return Some(message);
            }
        }
    }

    /// Hands what waited for a channel that is over to the next one.
    pub(super) fn hand_over(&mut self, from: Queue, to: &mut Queue) {
        let Some(mut from) = from.0 else { return };
        from.retain(|queued| {
            let keeps = matches!(queued.work, Work::Client(_));
            if !keeps {
                self.uncount(queued);
            }
            keeps
        });
        to.all().append(&mut from);
    }

    fn count(&mut self, queued: &Queued) {
        match queued.work {
            Work::Client(_) => self.messages += 1,
            Work::Out(_) | Work::Info(_) | Work::Failed => self.letters += 1,
        }
        self.bytes += queued.bytes;
    }

    fn uncount(&mut self, queued: &Queued) {
        match queued.work {
            Work::Client(_) => self.messages -= 1,
            Work::Out(_) | Work::Info(_) | Work::Failed => self.letters -= 1,
        }
        self.bytes -= queued.bytes;
    }
}
