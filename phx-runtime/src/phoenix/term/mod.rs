//! Values of Erlang, and how they are written as bytes and as JSON.
//!
//! Every term that came from elsewhere is at most [`MAX_DEPTH`] deep, so what is derived here and
//! recurses (comparing, cloning, printing, dropping) takes little stack whatever was sent.

mod calendar;
mod de;
mod from_json;
mod integer;
mod json;
mod no_json;
mod read;
mod ser;
mod write;

use std::{fmt, num::FpCategory};

use bytes::Bytes;
use smol_str::SmolStr;
use thiserror::Error;

pub use self::{
    de::from_term,
    from_json::FromJsonError,
    integer::Integer,
    no_json::NoJson,
    read::{Limits, ReadError},
    ser::{SerdeError, to_term},
};

/// How deep terms may be that come from elsewhere.
pub(crate) const MAX_DEPTH: usize = 256;

/// A value of Erlang.
///
/// It is read with [`decode`](Self::decode) and written with [`encode`](Self::encode), in Erlang's
/// External Term Format. Two terms are equal if Erlang's `=:=` says so: `1` and `1.0` differ, and
/// the order of a map's keys means nothing. With serde, use [`to_term`] and [`from_term`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Term {
    /// An integer.
    Integer(Integer),
    /// A floating-point number.
    Float(Float),
    /// An atom; `nil`, `true` and `false` are atoms.
    Atom(Atom),
    /// A binary; what Elixir calls a string is one of UTF-8.
    Binary(Bytes),
    /// A proper list. A charlist is a list of integers.
    List(Vec<Term>),
    /// A list whose tail is no list.
    ImproperList(Box<ImproperList>),
    /// A tuple.
    Tuple(Vec<Term>),
    /// A map; one with the atom `__struct__` among its keys is a struct.
    Map(Map),
    /// The identifier of a process.
    Pid(Box<Pid>),
    /// A unique reference.
    Reference(Box<Reference>),
    /// A term that means nothing outside of Erlang.
    Other(OtherTerm),
}

/// An atom: a name of at most 255 characters.
///
/// Erlang never frees an atom. Never make atoms of what a client sent: enough of them stop a node.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Atom(SmolStr);

/// An atom has at most 255 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an atom has at most 255 characters")]
pub struct AtomError;

/// A floating-point number. Erlang has no infinite ones, and no NaN.
#[derive(Clone, Copy)]
pub struct Float(f64);

/// A list whose tail is no list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImproperList {
    /// What comes before the tail; not empty.
    pub items: Vec<Term>,
    /// The tail.
    pub tail: Term,
}

/// A map, whose keys all differ.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Map(Vec<(Term, Term)>);

/// A map with the same key twice, which Erlang refuses to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a map has the same key twice")]
pub struct DuplicateKey;

/// The identifier of a process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pid {
    /// The name of the node that it is a process of.
    pub node: Atom,
    /// Its number there.
    pub number: u32,
    /// How often the numbers started over.
    pub serial: u32,
    /// Tells incarnations of the node apart.
    pub creation: u32,
}

/// A unique reference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The name of the node that made it.
    pub node: Atom,
    /// Tells incarnations of the node apart.
    pub creation: u32,
    /// What makes it unique.
    pub words: Vec<u32>,
}

/// A port, a function, or a string of bits: a term that is kept as the bytes that it came as.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OtherTerm(Bytes);

impl Term {
    /// The atom `nil`.
    pub const NIL: Self = Self::Atom(Atom(SmolStr::new_static("nil")));

    /// The string of Elixir: a binary.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Binary(text.into().into())
    }

    /// The text of a binary that is UTF-8.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Binary(bytes) => str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// The atom, if it is one.
    pub fn as_atom(&self) -> Option<&Atom> {
        match self {
            Self::Atom(atom) => Some(atom),
            _ => None,
        }
    }

    /// The elements of a tuple.
    pub fn as_tuple(&self) -> Option<&[Self]> {
        match self {
            Self::Tuple(elements) => Some(elements),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Whether it is the atom of this text.
    pub fn is_atom(&self, text: &str) -> bool {
        self.as_atom().is_some_and(|atom| atom.as_str() == text)
    }

    /// The integer, if it is one of 64 bits with a sign.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(integer) => integer.as_i64(),
            _ => None,
        }
    }

    /// An atom whose text is part of the program.
    pub(crate) const fn atom(text: &'static str) -> Self {
        Self::Atom(Atom::of(text))
    }
}

impl Atom {
    /// An atom.
    ///
    /// # Errors
    ///
    /// The text has more than 255 characters.
    pub fn new(text: impl AsRef<str>) -> Result<Self, AtomError> {
        let text = text.as_ref();
        // A character has up to four bytes.
        if text.len() > 255 && text.chars().nth(255).is_some() {
            return Err(AtomError);
        }
        Ok(Self(text.into()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An atom whose text is part of the program, and short.
    pub(crate) const fn of(text: &'static str) -> Self {
        assert!(text.len() <= 255, "a short text");
        Self(SmolStr::new_static(text))
    }
}

impl fmt::Debug for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, ":{:?}", self.as_str())
    }
}

impl Float {
    /// A floating-point number; `None` for infinity and for NaN.
    pub fn new(value: f64) -> Option<Self> {
        match value.classify() {
            FpCategory::Nan | FpCategory::Infinite => None,
            FpCategory::Zero | FpCategory::Subnormal | FpCategory::Normal => Some(Self(value)),
        }
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Ord for Float {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Float {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Float {}

impl fmt::Debug for Float {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Map {
    /// A map of these keys and values.
    ///
    /// # Errors
    ///
    /// A key occurs twice.
    pub fn new(mut pairs: Vec<(Term, Term)>) -> Result<Self, DuplicateKey> {
        pairs.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        if pairs.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(DuplicateKey);
        }
        Ok(Self(pairs))
    }

    /// The value of a key.
    pub fn get(&self, key: &Term) -> Option<&Term> {
        let at = self.0.binary_search_by(|(other, _)| other.cmp(key)).ok()?;
        Some(&self.0[at].1)
    }

    /// The value of a key that is an atom.
    pub fn get_atom(&self, key: &str) -> Option<&Term> {
        Atom::new(key).ok().and_then(|key| self.get(&Term::Atom(key)))
    }

    /// The value of a key that is a string.
    pub fn get_text(&self, key: &str) -> Option<&Term> {
        self.get(&Term::text(key))
    }

    /// All keys and values, in an order of no meaning.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Term, &Term)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A map of keys that differ because the program says so.
    pub(crate) fn of<const N: usize>(mut pairs: [(&'static str, Term); N]) -> Self {
        pairs.sort_unstable_by_key(|(key, _)| *key);
        debug_assert!(pairs.windows(2).all(|pair| pair[0].0 < pair[1].0), "keys differ");
        Self(pairs.into_iter().map(|(key, value)| (Term::atom(key), value)).collect())
    }

    /// The atom that says of which module the map is a struct.
    pub(crate) fn struct_module(&self) -> Option<&Term> {
        self.get(&Term::atom("__struct__"))
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl From<Atom> for Term {
    fn from(atom: Atom) -> Self {
        Self::Atom(atom)
    }
}

impl From<Map> for Term {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<Integer> for Term {
    fn from(integer: Integer) -> Self {
        Self::Integer(integer)
    }
}

impl From<i64> for Term {
    fn from(integer: i64) -> Self {
        Self::Integer(integer.into())
    }
}

impl From<bool> for Term {
    fn from(value: bool) -> Self {
        Self::atom(if value { "true" } else { "false" })
    }
}

impl From<&str> for Term {
    /// A binary, as Elixir's strings are.
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_atom_has_at_most_255_characters() {
        assert!(Atom::new("ä".repeat(255)).is_ok());
        assert_eq!(Atom::new("a".repeat(256)), Err(AtomError));
        assert_eq!(format!("{:?}", Atom::new("a b").unwrap()), r#":"a b""#);
    }

    #[test]
    fn maps_are_equal_in_any_order_and_have_no_key_twice() {
        let pair = |key: &str| (Term::text(key), Term::NIL);
        let a = Map::new(vec![pair("a"), pair("b")]).unwrap();
        assert_eq!(a, Map::new(vec![pair("b"), pair("a")]).unwrap());
        assert_eq!(a.get_text("b"), Some(&Term::NIL));
        assert_eq!(a.get_atom("b"), None);
        assert_eq!(Map::new(vec![pair("a"), pair("a")]), Err(DuplicateKey));
        // Keys that Erlang tells apart.
        let one = Float::new(1.0).map(Term::Float).unwrap();
        assert!(Map::new(vec![(one, Term::NIL), (1.into(), Term::NIL)]).is_ok());
    }

    #[test]
    fn numbers_that_erlang_lacks_are_none() {
        assert_eq!(Float::new(f64::NAN), None);
        assert_eq!(Float::new(f64::INFINITY), None);
        assert_ne!(Float::new(0.0), Float::new(-0.0));
    }
}
