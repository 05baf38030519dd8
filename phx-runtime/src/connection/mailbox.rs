//! What waits for one connection's task to handle it.

use crate::message::{Info, Reason};

/// Internal messages that may wait for one connection. A connection that does not get to handle
/// them is as good as gone, and is closed like one that does not read.
///
/// As many may wait where the task has handled them but a channel is busy.
pub(crate) const LIMIT: usize = 16_384;

/// The letters of one connection, until it ends.
///
/// A letter is the application's and may well hold a handle of this very connection, so one that
/// stayed in here would keep both for ever. Therefore nothing is taken once the connection is to
/// end, and the connection's task drops what it did not get to. Whoever sends drops a letter that
/// is not taken, and nobody drops one under the lock: its destructor may send another.
#[derive(Default)]
pub(super) struct Mailbox {
    letters: Vec<Info>,
    /// Why the connection ends. Nothing is taken any more. Boxed, because that comes once.
    ending: Option<Box<Reason>>,
}

/// Why letters were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Too many wait.
    Full,
    /// The connection ends or has ended.
    Ended,
}

impl Mailbox {
    /// Takes a letter, or gives it back.
    pub(super) fn put(&mut self, letter: Info) -> Result<(), (Refusal, Info)> {
        if self.ending.is_some() {
            return Err((Refusal::Ended, letter));
        }
        if self.letters.len() >= LIMIT {
            return Err((Refusal::Full, letter));
        }
        self.letters.push(letter);
        Ok(())
    }

    /// Takes out all letters that wait, oldest first.
    #[must_use]
    pub(super) fn take(&mut self) -> Vec<Info> {
        std::mem::take(&mut self.letters)
    }

    /// Takes nothing any more; the first reason counts. What waits is left to the connection's
    /// task, as whoever ends a connection from outside has work of others to do.
    pub(super) fn end(&mut self, reason: Reason) {
        self.ending.get_or_insert_with(|| Box::new(reason));
    }

    /// Why the connection ends, as far as anybody said so.
    pub(super) fn ending(&self) -> Option<&Reason> {
        self.ending.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::{LIMIT, Mailbox, Refusal};
    use crate::message::{Info, Reason};

    fn refusal(mailbox: &mut Mailbox) -> Option<Refusal> {
        mailbox.put(Info::new(())).err().map(|(refusal, _)| refusal)
    }

    #[test]
    fn a_mailbox_takes_letters_until_it_is_full_or_its_connection_ends() {
        let mut mailbox = Mailbox::default();
        for _ in 0..LIMIT {
            assert_eq!(refusal(&mut mailbox), None);
        }
        assert_eq!(refusal(&mut mailbox), Some(Refusal::Full));
        assert_eq!(mailbox.take().len(), LIMIT);
        assert_eq!(refusal(&mut mailbox), None);
        mailbox.end(Reason::Draining);
        mailbox.end(Reason::Closed);
        assert_eq!(mailbox.ending(), Some(&Reason::Draining));
        assert_eq!(refusal(&mut mailbox), Some(Refusal::Ended));
        assert_eq!(mailbox.take().len(), 1);
    }
}
