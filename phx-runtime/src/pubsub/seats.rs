//! The list of those who subscribed to a topic.

use std::sync::Arc;

use super::{place::NOWHERE, subscriber::Subscriber};

/// A list with more room than this gives it back when it is three quarters empty.
const MIN_CAPACITY: usize = 64;

/// One who subscribed.
struct Seat {
    subscriber: Arc<dyn Subscriber>,
    /// How many messages had been published before; those are not for it.
    since: u64,
}

/// Seats in no order. While a pass goes along them nobody moves: who leaves makes a hole, and who
/// comes takes the seat of one who left, wherever the pass is, for its number alone decides
/// which messages it gets. So the list is as long as the most who ever sat there at a time, and
/// shorter once the holes are closed between two passes.
#[derive(Default)]
pub(super) struct Seats {
    seats: Vec<Option<Seat>>,
    holes: Vec<usize>,
}

impl Seats {
    /// How many subscribers there are.
    pub(super) fn taken(&self) -> usize {
        self.seats.len() - self.holes.len()
    }

    /// How far a pass has to go to come by everybody.
    pub(super) fn end(&self) -> usize {
        self.seats.len()
    }

    pub(super) fn add(&mut self, subscriber: Arc<dyn Subscriber>, since: u64) {
        debug_assert_eq!(subscriber.place().get(), NOWHERE, "a subscriber has one topic");
        let index = self.holes.pop().unwrap_or(self.seats.len());
        subscriber.place().set(index);
        let seat = Some(Seat { subscriber, since });
        match self.seats.get_mut(index) {
            Some(hole) => *hole = seat,
            None => self.seats.push(seat),
        }
    }

    /// Takes a subscriber out, if it is there. Its hole stays until [`close_holes`](Self::close_holes).
    pub(super) fn remove(&mut self, subscriber: &dyn Subscriber) {
        let index = subscriber.place().get();
        if index != NOWHERE {
            subscriber.place().set(NOWHERE);
            self.seats[index] = None;
            self.holes.push(index);
        }
    }

    /// Moves those at the end into the holes, which takes as long as making them did. Not while a
    /// pass is under way.
    pub(super) fn close_holes(&mut self) {
        if self.holes.is_empty() {
            return;
        }
        for hole in std::mem::take(&mut self.holes) {
            while let Some(None) = self.seats.last() {
                self.seats.pop();
            }
            if hole < self.seats.len()
                && let Some(moved) = self.seats.pop()
            {
                if let Some(seat) = &moved {
                    seat.subscriber.place().set(hole);
                }
                self.seats[hole] = moved;
            }
        }
        self.give_room_back();
    }

    fn give_room_back(&mut self) {
        let (taken, room) = (self.seats.len(), self.seats.capacity());
        if room > MIN_CAPACITY && taken < room / 4 {
            self.seats.shrink_to(2 * taken);
        }
    }

    /// Adds those who sit between two places and subscribed before message number `before`.
    pub(super) fn collect(
        &self,
        seats: std::ops::Range<usize>,
        before: u64,
        subscribers: &mut Vec<(Arc<dyn Subscriber>, u64)>,
    ) {
        let seats = self.seats[seats].iter().flatten();
        let seats = seats.filter(|seat| seat.since < before);
        subscribers.extend(seats.map(|seat| (seat.subscriber.clone(), seat.since)));
    }

    /// Seats that there is room for.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.seats.capacity() + self.holes.capacity()
    }
}
