//! States that callbacks take and nobody registered.

use std::{
    any::TypeId,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::endpoint::Requirements;

/// A state that callbacks take as `State<T>`, and that was not given to
/// [`Builder::state`](super::Builder::state).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingState {
    /// The type, without the paths of its names.
    pub type_name: String,
    /// The callbacks that take it.
    pub handlers: Vec<&'static str>,
    /// A type that was registered and may have been meant.
    pub registered: Option<String>,
}

/// Which of the states that are required are not among those that are registered, each once.
pub(super) fn missing_states(
    required: Requirements,
    is_registered: impl Fn(TypeId) -> bool,
    registered: &BTreeSet<&'static str>,
) -> Vec<MissingState> {
    let mut missing: BTreeMap<&'static str, Vec<&'static str>> = BTreeMap::new();
    for needed in required.into_needed() {
        if !is_registered(needed.type_id) {
            let handlers = missing.entry(needed.type_name).or_default();
            if !handlers.contains(&needed.handler) {
                handlers.push(needed.handler);
            }
        }
    }
    let names: Vec<_> = registered.iter().map(|name| without_paths(name)).collect();
    let state = |(type_name, handlers): (&str, _)| {
        let type_name = without_paths(type_name);
        let registered = meant(&type_name, &names);
        MissingState { type_name, handlers, registered }
    };
    missing.into_iter().map(state).collect()
}

/// A registered type that holds the missing one, is held by it, or has its name.
fn meant(missing: &str, registered: &[String]) -> Option<String> {
    let holds = |outer: &str, inner: &str| {
        let ends = |c: char| !c.is_alphanumeric() && c != '_';
        outer.match_indices(inner).any(|(at, _)| {
            let after = &outer[at + inner.len()..];
            outer[..at].ends_with(ends) && after.starts_with(ends)
        })
    };
    let found =
        registered.iter().find(|it| holds(it, missing) || holds(missing, it) || *it == missing);
    found.cloned()
}

/// `Arc<Store>` for `alloc::sync::Arc<app::Store>`.
fn without_paths(name: &str) -> String {
    let is_of_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let mut short = String::new();
    let mut rest = name;
    while let Some(start) = rest.find(is_of_path) {
        let (before, word) = rest.split_at(start);
        let (word, after) = word.split_at(word.find(|c| !is_of_path(c)).unwrap_or(word.len()));
        short.push_str(before);
        short.push_str(word.rsplit("::").next().unwrap_or(word));
        rest = after;
    }
    short + rest
}

impl fmt::Display for MissingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { type_name, handlers, registered } = self;
        for (index, handler) in handlers.iter().enumerate() {
            let between = if index == 0 {
                ""
            } else if index + 1 == handlers.len() {
                " and "
            } else {
                ", "
            };
            write!(f, "{between}`{handler}`")?;
        }
        let verb = if handlers.len() == 1 { "needs" } else { "need" };
        write!(f, " {verb} `State<{type_name}>`: ")?;
        match registered {
            None => f.write_str("register it with `.state(..)`"),
            Some(other) if other == type_name => {
                write!(f, "the `{other}` that is registered is another type of this name")
            }
            Some(other) => write!(f, "there is a `{other}`, which `State<{other}>` takes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{meant, without_paths};

    #[test]
    fn names_lose_their_paths() {
        assert_eq!(without_paths("alloc::sync::Arc<app::store::Store>"), "Arc<Store>");
        assert_eq!(without_paths("(u8, alloc::vec::Vec<u8>)"), "(u8, Vec<u8>)");
        assert_eq!(without_paths("u32"), "u32");
    }

    #[test]
    fn what_was_registered_instead_is_guessed() {
        let registered = ["Arc<Store>".to_owned(), "Presence".to_owned(), "StoreKeeper".to_owned()];
        assert_eq!(meant("Store", &registered).as_deref(), Some("Arc<Store>"));
        assert_eq!(meant("Arc<Presence>", &registered).as_deref(), Some("Presence"));
        assert_eq!(meant("Keeper", &registered), None);
    }
}
