//! The messages that one pass over a topic's subscribers hands out.

use std::cell::OnceCell;

use bytes::{Bytes, BytesMut};

use super::{
    broadcast::{Author, Broadcast, BuiltIn, Form},
    by_serializer::BySerializer,
    place::Place,
};
use crate::serializer::Codec;

/// What serving a subscriber takes whatever it gets, mostly the system call, in units of what one
/// more message in the same piece takes.
const PER_SUBSCRIBER: usize = 32;

/// Bytes that take as long to hand over as a message takes besides.
const BYTES_PER_UNIT: usize = 1024;

/// Work that is done for a topic before others get the processor: a millisecond or so, such as 256
/// subscribers who get one short message.
pub(super) const TURN: usize = 256 * (PER_SUBSCRIBER + 1);

/// What handing over one message takes, in the same units.
pub(super) fn work_of(message: &Broadcast) -> usize {
    1 + message.len() / BYTES_PER_UNIT
}

/// Messages, oldest first.
pub(crate) struct Pass {
    messages: Vec<Broadcast>,
    /// Who made them, sorted.
    authors: Vec<Author>,
    work: usize,
    /// What those get who intercept nothing; others are added when one is met.
    cut: Cut,
}

impl Pass {
    pub(super) fn new(messages: Vec<Broadcast>) -> Self {
        let mut authors: Vec<_> = messages.iter().filter_map(Broadcast::author).collect();
        authors.sort_unstable();
        authors.dedup();
        let work = PER_SUBSCRIBER + messages.iter().map(work_of).sum::<usize>();
        let cut = Cut::new(&[], &messages);
        Self { messages, authors, work, cut }
    }

    pub(crate) fn messages(&self) -> &[Broadcast] {
        &self.messages
    }

    /// What serving one subscriber takes, in units of work.
    pub(super) fn work(&self) -> usize {
        self.work
    }

    pub(crate) fn has_author(&self, place: &Place) -> bool {
        self.authors.binary_search(&Author::of(place)).is_ok()
    }

    /// How the messages are divided for a channel that intercepts these events. Found once for all
    /// channels that intercept the same.
    pub(crate) fn cut(&self, intercepts: &'static [&'static str]) -> &Cut {
        let mut cut = &self.cut;
        while cut.intercepts != intercepts {
            cut = cut.next.get_or_init(|| Box::new(Cut::new(intercepts, &self.messages)));
        }
        cut
    }

    /// All frames that go straight to a client, in one piece: copied together once for all
    /// subscribers.
    pub(crate) fn frames<'a>(&'a self, cut: &'a Cut, form: Form<'_>) -> &'a Bytes {
        let gather = || self.gather(cut, form);
        match form.codec {
            Codec::Version(version) => {
                cut.frames[BuiltIn::new(*version, form.compressed).index()].get_or_init(gather)
            }
            Codec::Plugged(serializer) => {
                cut.plugged.place(serializer, form.compressed).get_or_init(gather)
            }
        }
    }

    fn gather(&self, cut: &Cut, form: Form<'_>) -> Bytes {
        let mut plain = self.plain(cut, 0).filter_map(|message| message.frame(form));
        let (first, second) = (plain.next(), plain.next());
        let (Some(first), Some(second)) = (first, second) else {
            return first.cloned().unwrap_or_default();
        };
        let mut all = BytesMut::new();
        for frame in [first, second].into_iter().chain(plain) {
            all.extend_from_slice(frame);
        }
        all.freeze()
    }

    /// The messages from index `first` on that go straight to a client.
    pub(crate) fn plain<'a>(
        &'a self,
        cut: &'a Cut,
        first: usize,
    ) -> impl Iterator<Item = &'a Broadcast> {
        let mut intercepted = cut.intercepted_from(first).iter().copied().peekable();
        (first..self.messages.len())
            .filter(move |index| intercepted.next_if_eq(index).is_none())
            .map(|index| &self.messages[index])
    }

    /// The messages from index `first` on that go to a channel.
    pub(crate) fn intercepted<'a>(
        &'a self,
        cut: &'a Cut,
        first: usize,
    ) -> impl Iterator<Item = &'a Broadcast> {
        cut.intercepted_from(first).iter().map(|index| &self.messages[*index])
    }
}

/// How a pass is divided between a channel and its client.
pub(crate) struct Cut {
    intercepts: &'static [&'static str],
    /// The indices of the messages that go to the channel, ascending.
    intercepted: Vec<usize>,
    /// What goes straight to the client, in each form.
    frames: [OnceCell<Bytes>; BuiltIn::ALL],
    plugged: BySerializer<Bytes>,
    /// For a channel that intercepts something else: topics are seldom shared by such.
    next: OnceCell<Box<Cut>>,
}

impl Cut {
    fn new(intercepts: &'static [&'static str], messages: &[Broadcast]) -> Self {
        let is_intercepted =
            |(_, message): &(usize, &Broadcast)| intercepts.contains(&message.event().as_str());
        let intercepted = if intercepts.is_empty() {
            Vec::new()
        } else {
            messages.iter().enumerate().filter(is_intercepted).map(|(index, _)| index).collect()
        };
        let frames = [const { OnceCell::new() }; BuiltIn::ALL];
        let (plugged, next) = (BySerializer::new(), OnceCell::new());
        Self { intercepts, intercepted, frames, plugged, next }
    }

    fn intercepted_from(&self, first: usize) -> &[usize] {
        &self.intercepted[self.intercepted.partition_point(|index| *index < first)..]
    }
}
