//! The routing table while it is compiled.

use super::{
    pattern::Pattern,
    route::{Entry, Join, Route},
};

/// A routing table that is checked while it is compiled: made in a constant, one with an entry that no
/// topic can reach, or whose pattern lacks a topic parameter of its channel, does not compile.
///
/// `#[channels(..)]` writes one. By hand it makes the list for
/// [`SocketState::channels`](crate::socket::SocketState::channels); `N` is the number of entries.
///
/// ```
/// # use phx_runtime::{channel::{Pattern, Route, RoutingTable}, prelude::*};
/// # struct Guest;
/// # impl phx_runtime::socket::SocketState for Guest {
/// #     fn mount() -> phx_runtime::options::Mount { phx_runtime::options::Mount::new("/socket") }
/// #     async fn connect(
/// #         _: phx_runtime::socket::ConnectContext,
/// #     ) -> Result<Self, ConnectError> { Ok(Guest) }
/// # }
/// # struct Lobby;
/// # #[channel("lobby")]
/// # impl Lobby { #[join] fn join() -> Result<Self, JoinError> { Ok(Self) } }
/// # struct Room;
/// # #[channel("room:{id}")]
/// # impl Room { #[join] fn join(id: u64) -> Result<Self, JoinError> { assert!(id > 0); Ok(Self) } }
/// const ROUTES: RoutingTable<Guest, 2> =
///     RoutingTable::new().of::<Lobby>().at::<Room>(&[Pattern::new("private:{id}")]);
///
/// fn channels() -> Vec<Route<Guest>> {
///     ROUTES.list()
/// }
/// # assert_eq!(channels().len(), 2);
/// ```
#[derive(Debug)]
pub struct RoutingTable<S: 'static, const N: usize> {
    entries: [Option<Entry<S>>; N],
    len: usize,
}

impl<S: 'static, const N: usize> RoutingTable<S, N> {
    /// A table with room for `N` entries.
    #[expect(clippy::new_without_default, reason = "a table is made to be filled")]
    pub const fn new() -> Self {
        Self { entries: [const { None }; N], len: 0 }
    }

    /// Adds the channel `C` under the patterns that it names itself.
    ///
    /// # Panics
    ///
    /// If an earlier entry takes all of its topics, or if there are `N` entries already.
    #[track_caller]
    pub const fn of<C: Join<S>>(self) -> Self {
        self.with(C::ENTRY)
    }

    /// Adds the channel `C` under other patterns.
    ///
    /// # Panics
    ///
    /// If the patterns lack a topic parameter that the channel's own have, if an earlier entry takes
    /// all of their topics, or if there are `N` entries already.
    #[track_caller]
    pub const fn at<C: Join<S>>(self, patterns: &'static [Pattern]) -> Self {
        self.with_at(C::ENTRY, patterns)
    }

    /// Adds an entry, which a channel has of itself.
    #[doc(hidden)]
    #[track_caller]
    pub const fn with(self, entry: Entry<S>) -> Self {
        self.add(entry)
    }

    /// Adds an entry under other patterns.
    #[doc(hidden)]
    #[track_caller]
    pub const fn with_at(self, entry: Entry<S>, patterns: &'static [Pattern]) -> Self {
        names_parameters_of(entry.patterns, patterns);
        self.add(Entry { patterns, ..entry })
    }

    #[track_caller]
    const fn add(mut self, entry: Entry<S>) -> Self {
        let patterns = entry.patterns;
        let mut i = 0;
        while i < self.len {
            if let Some(earlier) = &self.entries[i] {
                is_reachable(earlier.patterns, patterns);
            }
            i += 1;
        }
        self.entries[self.len] = Some(entry);
        self.len += 1;
        self
    }

    /// The table as the runtime keeps it.
    pub fn list(self) -> Vec<Route<S>> {
        self.entries.into_iter().flatten().map(|entry| (entry.route)(entry.patterns)).collect()
    }
}

/// Panics if one of the `earlier` patterns leaves nothing to one of the `later` ones.
#[track_caller]
const fn is_reachable(earlier: &[Pattern], later: &[Pattern]) {
    let mut i = 0;
    while i < earlier.len() {
        let mut j = 0;
        while j < later.len() {
            if earlier[i].covers(&later[j]) {
                let text = Text::EMPTY
                    .with("topic pattern \"")
                    .with(later[j].as_str())
                    .with("\" can never be joined: \"")
                    .with(earlier[i].as_str())
                    .with("\" comes first in the list and matches all of it");
                panic!("{}", text.as_str());
            }
            j += 1;
        }
        i += 1;
    }
}

/// Panics if `patterns` lack a topic parameter of the channel's own, which its `#[join]` takes.
#[track_caller]
const fn names_parameters_of(own: &[Pattern], patterns: &[Pattern]) {
    let [first, ..] = own else { return };
    let text = first.as_str().as_bytes();
    let mut from = 0;
    while from < text.len() {
        if text[from] == b'{' {
            let mut to = from;
            while text[to] != b'}' {
                to += 1;
            }
            let (_, rest) = text.split_at(from);
            let (placeholder, _) = rest.split_at(to + 1 - from);
            let mut i = 0;
            while i < patterns.len() {
                if !contains(patterns[i].as_str().as_bytes(), placeholder) {
                    let text = Text::EMPTY
                        .with("topic pattern \"")
                        .with(patterns[i].as_str())
                        .with("\" lacks the topic parameter ")
                        .with_bytes(placeholder)
                        .with(", which the channel's `#[join]` takes");
                    panic!("{}", text.as_str());
                }
                i += 1;
            }
            from = to;
        }
        from += 1;
    }
}

const fn contains(text: &[u8], part: &[u8]) -> bool {
    let mut start = 0;
    while start + part.len() <= text.len() {
        let mut i = 0;
        while i < part.len() && text[start + i] == part[i] {
            i += 1;
        }
        if i == part.len() {
            return true;
        }
        start += 1;
    }
    false
}

/// A text made while compiling; what does not fit is left out.
struct Text {
    bytes: [u8; 512],
    len: usize,
}

impl Text {
    const EMPTY: Self = Self { bytes: [0; 512], len: 0 };

    const fn with(self, text: &str) -> Self {
        self.with_bytes(text.as_bytes())
    }

    const fn with_bytes(mut self, text: &[u8]) -> Self {
        if self.len + text.len() <= self.bytes.len() {
            let mut i = 0;
            while i < text.len() {
                self.bytes[self.len] = text[i];
                self.len += 1;
                i += 1;
            }
        }
        self
    }

    const fn as_str(&self) -> &str {
        match str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{contains, is_reachable, names_parameters_of};
    use crate::channel::Pattern;

    #[test]
    fn entries_that_some_topic_reaches_are_accepted() {
        is_reachable(&[Pattern::new("room:lobby")], &[Pattern::new("room:*")]);
        names_parameters_of(&[Pattern::new("a:{x}:{y}")], &[Pattern::new("b:{y}:{x}")]);
        assert!(contains(b"room:{id}", b"{id}"));
        assert!(!contains(b"room:{idx}", b"{id}"));
    }

    #[test]
    #[should_panic = "\"room:ü\" can never be joined: \"room:*\" comes first"]
    fn an_entry_that_no_topic_reaches_is_refused() {
        is_reachable(&[Pattern::new("room:*")], &[Pattern::new("a"), Pattern::new("room:ü")]);
    }

    #[test]
    #[should_panic = "\"admin:*\" lacks the topic parameter {room_id}"]
    fn an_entry_has_the_parameters_of_its_channel() {
        names_parameters_of(&[Pattern::new("room:{room_id}")], &[Pattern::new("admin:*")]);
    }
}
