//! What a test wants of a typed event.

use std::fmt;

use crate::message::{FromPayload, Payload, TypedEvent};

/// A typed event that a test looks for, which [`assert_push!`](crate::assert_push) and
/// [`refute_push!`](crate::refute_push) make of a pattern.
///
/// It knows how to read its event, so that whoever looks for one asks nothing of the event's type: a type that is
/// no event is told of where it is named, and nowhere else.
pub struct Wanted<'a, E> {
    pub(super) name: &'static str,
    read: Box<Read<'a, E>>,
}

/// Makes an event of a payload, if it is wanted.
type Read<'a, E> = dyn Fn(&Payload) -> Option<E> + Send + Sync + 'a;

/// An event of the type `E` that `like` accepts. A payload that is not of the type is not the event.
pub fn wanted<'a, E: TypedEvent + FromPayload>(
    like: impl Fn(&E) -> bool + Send + Sync + 'a,
) -> Wanted<'a, E> {
    let read = move |payload: &Payload| E::from_payload(payload.clone()).ok().filter(&like);
    Wanted { name: E::NAME, read: Box::new(read) }
}

impl<E> Wanted<'_, E> {
    /// The event, if the payload is one that is wanted.
    pub(super) fn read(&self, payload: &Payload) -> Option<E> {
        (self.read)(payload)
    }
}

impl<E> fmt::Debug for Wanted<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wanted").field("name", &self.name).finish_non_exhaustive()
    }
}
