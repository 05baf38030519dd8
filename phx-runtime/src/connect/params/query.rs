//! Reading a query: names with brackets in them become objects and lists.
//!
//! The rules are those of Plug. `a[b][c]=1` puts a text into an object in an object, `a[]=1` adds to
//! a list. Of what contradicts itself the last counts: `a=1&a[b]=2` is an object, and `a[]=1&a[b]=2`
//! too, without the list's entry. Brackets that are not closed at the end of the name are letters.

use std::{borrow::Cow, collections::HashMap};

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use thiserror::Error;

/// Most parameters. A browser's session has some ten; a tree of some kilobytes is what they cost.
const MOST: usize = 1_000;

/// How deep they may lie, so that a value can be walked, printed and dropped by recursion.
const DEEPEST: usize = 32;

/// An invalid query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum QueryError {
    /// It is not UTF-8 text once it is percent-decoded.
    #[error("the query is not UTF-8 text once it is percent-decoded")]
    NotUtf8,
    /// It has more than 1,000 parameters.
    #[error("the query has more than {} parameters", MOST)]
    TooMany,
    /// It nests parameters more than 32 deep.
    #[error("the query nests parameters more than {} deep", DEEPEST)]
    TooDeep,
}

impl QueryError {
    /// A word for it in metrics and logs: `not_utf8`, `too_many` or `too_deep`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not_utf8",
            Self::TooMany => "too_many",
            Self::TooDeep => "too_deep",
        }
    }
}

pub(super) fn decode(query: &str) -> Result<Map<String, Value>, QueryError> {
    let mut tree = Tree::new();
    for (count, pair) in query.split('&').filter(|pair| !pair.is_empty()).enumerate() {
        if count == MOST {
            return Err(QueryError::TooMany);
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        tree.insert(&unescaped(name)?, unescaped(value)?.into_owned())?;
    }
    Ok(tree.finish())
}

fn unescaped(text: &str) -> Result<Cow<'_, str>, QueryError> {
    if !text.contains(['+', '%']) {
        return Ok(text.into());
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| QueryError::NotUtf8)?;
    Ok(decoded.into_owned().into())
}

/// Where an entry lies in its object; none in a list.
type Key<'a> = Option<&'a str>;

/// The objects and lists that were named so far. The first is the whole; each lies in one before it.
struct Tree {
    nodes: Vec<Vec<Entry>>,
    /// Which node lies under which key of which other.
    known: HashMap<(usize, Option<String>), usize>,
}

/// What a node was given, in order. Whether it is an object or a list, the last entry says.
struct Entry {
    key: Option<String>,
    value: Slot,
}

enum Slot {
    Text(String),
    Node(usize),
}

impl Tree {
    fn new() -> Self {
        Self { nodes: vec![Vec::new()], known: HashMap::new() }
    }

    fn insert(&mut self, name: &str, value: String) -> Result<(), QueryError> {
        let mut keys = keys(name).peekable();
        let (mut node, mut depth) = (0, 0);
        while let Some(key) = keys.next() {
            let key = key.map(str::to_owned);
            if keys.peek().is_none() {
                self.nodes[node].push(Entry { key, value: Slot::Text(value) });
                return Ok(());
            }
            depth += 1;
            if depth > DEEPEST {
                return Err(QueryError::TooDeep);
            }
            node = self.child(node, key);
        }
        Ok(())
    }

    /// The node under a key. One that was there before gets no new place among its neighbours.
    fn child(&mut self, parent: usize, key: Option<String>) -> usize {
        let next = self.nodes.len();
        let child = *self.known.entry((parent, key.clone())).or_insert(next);
        if child == next {
            self.nodes[parent].push(Entry { key, value: Slot::Node(next) });
            self.nodes.push(Vec::new());
        }
        child
    }

    /// Builds what lies deeper first: every node comes after the one that it lies in.
    fn finish(self) -> Map<String, Value> {
        let mut values: Vec<Option<Value>> = vec![None; self.nodes.len()];
        let mut whole = Map::new();
        for (index, entries) in self.nodes.into_iter().enumerate().rev() {
            let is_list = index > 0 && entries.last().is_some_and(|last| last.key.is_none());
            let (mut list, mut object) = (Vec::new(), Map::new());
            for Entry { key, value } in entries {
                let value = match value {
                    Slot::Text(text) => Value::String(text),
                    Slot::Node(node) => values[node].take().unwrap_or_default(),
                };
                match key {
                    None if is_list => list.push(value),
                    Some(key) if !is_list => drop(object.insert(key, value)),
                    _ => {}
                }
            }
            if index == 0 {
                whole = object;
            } else {
                values[index] = Some(if is_list { list.into() } else { object.into() });
            }
        }
        whole
    }
}

/// `a[b][]` is `a`, `b` and the next of a list.
fn keys(name: &str) -> impl Iterator<Item = Key<'_>> {
    let nested = name.strip_suffix(']').and_then(|name| name.split_once('['));
    let (first, rest) = match nested {
        Some((first, rest)) if !first.is_empty() => (first, Some(rest)),
        _ => (name, None),
    };
    let inner = rest.into_iter().flat_map(|rest| rest.split("]["));
    std::iter::once(Some(first)).chain(inner.map(|key| (!key.is_empty()).then_some(key)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{DEEPEST, MOST, QueryError, decode};

    #[test]
    fn names_with_brackets_become_objects_and_lists_as_plug_reads_them() {
        for (query, value) in [
            ("user[id]=7&user[name]=Ann", json!({ "user": { "id": "7", "name": "Ann" } })),
            ("rooms[]=a&rooms[]=b", json!({ "rooms": ["a", "b"] })),
            ("rooms[0]=a&rooms[1]=b", json!({ "rooms": { "0": "a", "1": "b" } })),
            (
                "a[b][c]=1&a[b][d]=2&a[e]=3",
                json!({ "a": { "b": { "c": "1", "d": "2" }, "e": "3" } }),
            ),
            ("a[][b]=1", json!({ "a": [{ "b": "1" }] })),
            ("a[][b]=1&a[][c]=2", json!({ "a": [{ "b": "1", "c": "2" }] })),
            ("a[]=1&a[][b]=2", json!({ "a": ["1", { "b": "2" }] })),
            ("x[y][][z][]=1", json!({ "x": { "y": [{ "z": ["1"] }] } })),
            ("x[y][z][]=1&x[y][z][]=2", json!({ "x": { "y": { "z": ["1", "2"] } } })),
            ("a%5Bb%5D=1", json!({ "a": { "b": "1" } })),
            ("a[]", json!({ "a": [""] })),
            ("a[]=", json!({ "a": [""] })),
            ("=", json!({ "": "" })),
            ("=value", json!({ "": "value" })),
            ("", json!({})),
            ("&&", json!({})),
        ] {
            assert_eq!(json!(decode(query).unwrap()), value, "{query}");
        }
    }

    #[test]
    fn brackets_that_do_not_nest_are_letters() {
        for (query, value) in [
            ("[a]=1", json!({ "[a]": "1" })),
            ("[]=1", json!({ "[]": "1" })),
            ("a]=1", json!({ "a]": "1" })),
            ("a[b=1", json!({ "a[b": "1" })),
            ("a[b]c=1", json!({ "a[b]c": "1" })),
            ("a[b]c[d]=1", json!({ "a": { "b]c[d": "1" } })),
            ("a[b[c]=1", json!({ "a": { "b[c": "1" } })),
            ("a[b]]=1", json!({ "a": { "b]": "1" } })),
        ] {
            assert_eq!(json!(decode(query).unwrap()), value, "{query}");
        }
    }

    #[test]
    fn of_parameters_that_contradict_each_other_the_last_counts() {
        for (query, value) in [
            ("a=1&a=2", json!({ "a": "2" })),
            ("a[b]=1&a[b]=2", json!({ "a": { "b": "2" } })),
            ("a=1&a[b]=2", json!({ "a": { "b": "2" } })),
            ("a[b]=1&a=2", json!({ "a": "2" })),
            ("a[b]=1&a=2&a[c]=3", json!({ "a": "2" })),
            ("a[]=1&a[b]=2", json!({ "a": { "b": "2" } })),
            ("a[b]=1&a[]=2", json!({ "a": ["2"] })),
            ("a[b][][c]=2&a[b]=1", json!({ "a": { "b": "1" } })),
        ] {
            assert_eq!(json!(decode(query).unwrap()), value, "{query}");
        }
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let nested = |depth| format!("a{}=1", "[b]".repeat(depth));
        decode(&nested(DEEPEST)).unwrap();
        assert_eq!(decode(&nested(DEEPEST + 1)), Err(QueryError::TooDeep));
        assert_eq!(decode(&nested(1_000_000)), Err(QueryError::TooDeep));
        let many = |count| "&a=1".repeat(count);
        decode(&many(MOST)).unwrap();
        assert_eq!(decode(&many(MOST + 1)), Err(QueryError::TooMany));
    }
}
