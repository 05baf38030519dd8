//! Values of Rust as terms, by serde.

use serde::{
    Serialize, Serializer,
    ser::{
        self, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
        SerializeTupleStruct, SerializeTupleVariant,
    },
};
use thiserror::Error;

use super::{Atom, Float, Limits, Map, Term};

/// How atoms and terms tell the serializers of this module what they are; with others they are
/// their text, and bytes in Erlang's format.
pub(super) const ATOM: &str = "$phx::Atom";
pub(super) const TERM: &str = "$phx::Term";

/// A value that cannot be made a term, or a term that is not of the type.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct SerdeError(String);

impl ser::Error for SerdeError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl serde::de::Error for SerdeError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// A value as a term.
///
/// Strings are binaries, and so are the keys of structs and the names of an enum's variants.
/// Sequences are lists, tuples are tuples, `None` and `()` are `nil`. A variant with something
/// inside is a map of one key. [`Atom`] is an atom, and [`Term`] is itself.
///
/// ```
/// use phx_runtime::phoenix::{Atom, Map, Term, to_term};
///
/// #[derive(serde::Serialize)]
/// struct User {
///     id: u64,
///     role: Atom,
/// }
///
/// let user = to_term(&User { id: 7, role: Atom::new("admin")? })?;
/// let role = user.as_map().and_then(|user| user.get_text("role"));
/// assert!(role.is_some_and(|role| role.is_atom("admin")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// A float is infinite or NaN, a map has the same key twice, or the value's own
/// implementation of `Serialize` fails.
pub fn to_term<T: Serialize + ?Sized>(value: &T) -> Result<Term, SerdeError> {
    value.serialize(TermSerializer)
}

impl Serialize for Atom {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(ATOM, self.as_str())
    }
}

impl Serialize for Term {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Encoded(Vec<u8>);

        impl Serialize for Encoded {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(&self.0)
            }
        }

        serializer.serialize_newtype_struct(TERM, &Encoded(self.encode()))
    }
}

/// Without limits: what is decoded was encoded a moment ago.
pub(super) fn decode_own(bytes: impl Into<bytes::Bytes>) -> Result<Term, SerdeError> {
    let limits = Limits { max_bytes: usize::MAX, max_terms: usize::MAX };
    Term::decode_within(bytes, limits).map_err(ser::Error::custom)
}

struct TermSerializer;

macro_rules! integers {
    ($($name:ident $type:ty)*) => {
        $(fn $name(self, value: $type) -> Result<Term, SerdeError> {
            Ok(Term::Integer(value.into()))
        })*
    };
}

impl Serializer for TermSerializer {
    type Ok = Term;
    type Error = SerdeError;
    type SerializeSeq = Elements;
    type SerializeTuple = Elements;
    type SerializeTupleStruct = Elements;
    type SerializeTupleVariant = Elements;
    type SerializeMap = Pairs;
    type SerializeStruct = Pairs;
    type SerializeStructVariant = Pairs;

    integers! {
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64 serialize_i128 i128
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64 serialize_u128 u128
    }

    fn serialize_bool(self, value: bool) -> Result<Term, SerdeError> {
        Ok(value.into())
    }

    fn serialize_f32(self, value: f32) -> Result<Term, SerdeError> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<Term, SerdeError> {
        let float = Float::new(value)
            .ok_or_else(|| ser::Error::custom("Erlang has no infinite floats, and no NaN"))?;
        Ok(Term::Float(float))
    }

    fn serialize_char(self, value: char) -> Result<Term, SerdeError> {
        Ok(Term::text(value))
    }

    fn serialize_str(self, value: &str) -> Result<Term, SerdeError> {
        Ok(value.into())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Term, SerdeError> {
        Ok(Term::Binary(value.to_vec().into()))
    }

    fn serialize_none(self) -> Result<Term, SerdeError> {
        Ok(Term::NIL)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Term, SerdeError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Term, SerdeError> {
        Ok(Term::NIL)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Term, SerdeError> {
        Ok(Term::NIL)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Term, SerdeError> {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Term, SerdeError> {
        match (name, value.serialize(self)?) {
            (TERM, Term::Binary(bytes)) => decode_own(bytes),
            (ATOM, term) => {
                let text = term.as_text().unwrap_or_default();
                Ok(Term::Atom(Atom::new(text).map_err(ser::Error::custom)?))
            }
            (_, term) => Ok(term),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Term, SerdeError> {
        variant_map(variant, value.serialize(self)?)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Elements, SerdeError> {
        Ok(Elements { variant: None, terms: Vec::new() })
    }

    fn serialize_tuple(self, _: usize) -> Result<Elements, SerdeError> {
        Ok(Elements { variant: None, terms: Vec::new() })
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Elements, SerdeError> {
        Ok(Elements { variant: None, terms: Vec::new() })
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Elements, SerdeError> {
        Ok(Elements { variant: Some(variant), terms: Vec::new() })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Pairs, SerdeError> {
        Ok(Pairs { variant: None, key: None, whole: Vec::new() })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Pairs, SerdeError> {
        Ok(Pairs { variant: None, key: None, whole: Vec::new() })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Pairs, SerdeError> {
        Ok(Pairs { variant: Some(variant), key: None, whole: Vec::new() })
    }
}

fn variant_map(variant: &'static str, value: Term) -> Result<Term, SerdeError> {
    map(vec![(variant.into(), value)])
}

fn map(pairs: Vec<(Term, Term)>) -> Result<Term, SerdeError> {
    Map::new(pairs).map(Term::Map).map_err(ser::Error::custom)
}

/// The elements of a list or tuple so far.
struct Elements {
    variant: Option<&'static str>,
    terms: Vec<Term>,
}

impl Elements {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerdeError> {
        self.terms.push(value.serialize(TermSerializer)?);
        Ok(())
    }

    fn into_tuple(self) -> Result<Term, SerdeError> {
        let tuple = Term::Tuple(self.terms);
        match self.variant {
            Some(variant) => variant_map(variant, tuple),
            None => Ok(tuple),
        }
    }
}

impl SerializeSeq for Elements {
    type Ok = Term;
    type Error = SerdeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerdeError> {
        self.push(value)
    }

    fn end(self) -> Result<Term, SerdeError> {
        Ok(Term::List(self.terms))
    }
}

impl SerializeTuple for Elements {
    type Ok = Term;
    type Error = SerdeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerdeError> {
        self.push(value)
    }

    fn end(self) -> Result<Term, SerdeError> {
        self.into_tuple()
    }
}

impl SerializeTupleStruct for Elements {
    type Ok = Term;
    type Error = SerdeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerdeError> {
        self.push(value)
    }

    fn end(self) -> Result<Term, SerdeError> {
        self.into_tuple()
    }
}

impl SerializeTupleVariant for Elements {
    type Ok = Term;
    type Error = SerdeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerdeError> {
        self.push(value)
    }

    fn end(self) -> Result<Term, SerdeError> {
        self.into_tuple()
    }
}

/// The keys and values of a map so far.
struct Pairs {
    variant: Option<&'static str>,
    key: Option<Term>,
    whole: Vec<(Term, Term)>,
}

impl Pairs {
    fn into_map(self) -> Result<Term, SerdeError> {
        let map = map(self.whole)?;
        match self.variant {
            Some(variant) => variant_map(variant, map),
            None => Ok(map),
        }
    }
}

impl SerializeMap for Pairs {
    type Ok = Term;
    type Error = SerdeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), SerdeError> {
        self.key = Some(key.serialize(TermSerializer)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerdeError> {
        let key = self.key.take().ok_or_else(|| ser::Error::custom("a value without key"))?;
        self.whole.push((key, value.serialize(TermSerializer)?));
        Ok(())
    }

    fn end(self) -> Result<Term, SerdeError> {
        self.into_map()
    }
}

impl SerializeStruct for Pairs {
    type Ok = Term;
    type Error = SerdeError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), SerdeError> {
        self.whole.push((key.into(), value.serialize(TermSerializer)?));
        Ok(())
    }

    fn end(self) -> Result<Term, SerdeError> {
        self.into_map()
    }
}

impl SerializeStructVariant for Pairs {
    type Ok = Term;
    type Error = SerdeError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), SerdeError> {
        SerializeStruct::serialize_field(self, key, value)
    }

    fn end(self) -> Result<Term, SerdeError> {
        self.into_map()
    }
}
