//! What one node sends to one address: numbers that follow each other, and pieces of large entries.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::framing::{Entry, Piece};

/// How long after a heartbeat what it tells of may still arrive: an engine keeps the order within an
/// address, but a heartbeat goes over one of several.
const GRACE: Duration = Duration::from_millis(500);

/// A stream of entries as it is received.
#[derive(Debug)]
pub(super) struct Stream {
    /// The number of the next entry.
    next: u64,
    /// What a heartbeat told of that is not there yet, and until when it may come.
    told: Option<Told>,
    partial: Option<Partial>,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    last: u64,
    until: Instant,
}

/// The pieces of an entry so far.
#[derive(Debug)]
struct Partial {
    whole: usize,
    bytes: Vec<u8>,
}

/// What a numbered entry is to a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// The next one, after so many that are lost.
    New { missed: u64 },
    /// It was there before.
    Repeated,
}

impl Stream {
    /// A stream that is heard of for the first time: what was sent before is not missed.
    pub(super) fn starting_at(next: u64) -> Self {
        Self { next, told: None, partial: None }
    }

    /// Takes a number off the stream.
    pub(super) fn take(&mut self, number: u64) -> Taken {
        if number < self.next {
            return Taken::Repeated;
        }
        let missed = self.skip_to(number);
        self.next = number.saturating_add(1);
        Taken::New { missed }
    }

    fn skip_to(&mut self, number: u64) -> u64 {
        let missed = number - self.next;
        if missed > 0 {
            self.partial = None;
        }
        self.next = number;
        missed
    }

    /// A heartbeat tells which entry was the last. Until the time for it is over, what is told later
    /// changes nothing.
    pub(super) fn told(&mut self, last: u64, now: Instant) {
        if last >= self.next && self.told.is_none() {
            self.told = Some(Told { last, until: now + GRACE });
        }
    }

    /// How many entries are known to be lost now.
    pub(super) fn missed_until(&mut self, now: Instant) -> u64 {
        let Some(Told { last, until }) = self.told else { return 0 };
        if last < self.next {
            self.told = None;
            return 0;
        }
        if now < until {
            return 0;
        }
        self.told = None;
        self.skip_to(last.saturating_add(1))
    }

    /// Adds a piece, and gives the entry once it is whole. A piece that does not follow its
    /// predecessor, or belongs to an entry above `limit` bytes, ends the entry.
    pub(super) fn piece(&mut self, piece: Piece, limit: usize) -> Option<Entry> {
        let Piece { offset, whole, bytes } = piece;
        let (offset, whole) = (usize::try_from(offset).ok()?, usize::try_from(whole).ok()?);
        if offset == 0 {
            self.partial = Some(Partial { whole, bytes: Vec::new() });
        }
        let partial = self.partial.as_mut()?;
        let end = offset.saturating_add(bytes.len());
        if whole > limit || partial.whole != whole || partial.bytes.len() != offset || end > whole {
            self.partial = None;
            return None;
        }
        partial.bytes.extend_from_slice(&bytes);
        if end < whole {
            return None;
        }
        let whole = Bytes::from(self.partial.take()?.bytes);
        match Entry::read(whole) {
            Ok(Entry::Piece(_) | Entry::Heartbeat(_) | Entry::Goodbye) | Err(_) => None,
            Ok(entry) => Some(entry),
        }
    }

    /// Bytes that wait for the rest of their entry.
    pub(super) fn partial_bytes(&self) -> usize {
        self.partial.as_ref().map_or(0, |partial| partial.bytes.len())
    }

    pub(super) fn drop_partial(&mut self) {
        self.partial = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use tokio::time::Instant;

    use super::{Entry, Piece, Stream, Taken};

    #[test]
    fn numbers_tell_what_is_lost_and_what_is_there_twice() {
        let mut stream = Stream::starting_at(5);
        assert_eq!(stream.take(5), Taken::New { missed: 0 });
        assert_eq!(stream.take(9), Taken::New { missed: 3 });
        assert_eq!(stream.take(9), Taken::Repeated);
        assert_eq!(stream.take(7), Taken::Repeated);
        assert_eq!(stream.take(u64::MAX), Taken::New { missed: u64::MAX - 10 });
        assert_eq!(stream.take(u64::MAX), Taken::New { missed: 0 });
    }

    #[test]
    fn what_a_heartbeat_told_of_is_lost_unless_it_comes_soon() {
        let (mut stream, now) = (Stream::starting_at(1), Instant::now());
        stream.told(0, now);
        assert_eq!(stream.missed_until(now + Duration::from_secs(9)), 0);
        stream.told(3, now);
        assert_eq!(stream.missed_until(now), 0);
        stream.take(1);
        assert_eq!(stream.missed_until(now + Duration::from_millis(499)), 0);
        assert_eq!(stream.missed_until(now + Duration::from_millis(500)), 2);
        assert_eq!(stream.take(4), Taken::New { missed: 0 });
        stream.told(5, now);
        stream.take(5);
        assert_eq!(stream.missed_until(now + Duration::from_secs(9)), 0);
    }

    fn pieces(content: &[u8], len: usize) -> Vec<Piece> {
        let whole = u32::try_from(content.len()).unwrap();
        let pieces = content.chunks(len).enumerate();
        let piece = |(index, bytes): (usize, &[u8])| {
            let offset = u32::try_from(index * len).unwrap();
            Piece { offset, whole, bytes: Bytes::copy_from_slice(bytes) }
        };
        pieces.map(piece).collect()
    }

    #[test]
    fn pieces_make_up_an_entry() {
        let entry = Entry::Message { port: 3, body: vec![9; 100].into() };
        let mut content = Vec::new();
        entry.put(&mut content);
        let mut stream = Stream::starting_at(1);
        for len in [1, 7, 51, 102, 200] {
            let mut made: Vec<_> =
                pieces(&content, len).into_iter().map(|piece| stream.piece(piece, 102)).collect();
            assert_eq!(made.pop(), Some(Some(entry.clone())), "{len}");
            assert!(made.iter().all(Option::is_none));
            assert_eq!(stream.partial_bytes(), 0);
        }
        assert!(pieces(&content, 51).into_iter().all(|piece| stream.piece(piece, 101).is_none()));
    }

    #[test]
    fn an_entry_of_which_a_piece_is_missing_is_given_up() {
        let mut content = Vec::new();
        Entry::Message { port: 3, body: vec![9; 100].into() }.put(&mut content);
        for missing in 0..4 {
            let mut stream = Stream::starting_at(0);
            for (index, piece) in pieces(&content, 26).into_iter().enumerate() {
                if index != missing {
                    stream.take(index as u64);
                    assert_eq!(stream.piece(piece, 1000), None);
                }
            }
        }
    }
}
