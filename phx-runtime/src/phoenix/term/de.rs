//! Terms as values of Rust, by serde.

use std::slice;

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeOwned, DeserializeSeed, EnumAccess, Error, MapAccess, SeqAccess, Unexpected,
        VariantAccess, Visitor, value::BorrowedStrDeserializer,
    },
    forward_to_deserialize_any,
};

use super::{
    Atom, Term,
    ser::{ATOM, SerdeError, TERM, decode_own},
};

/// A value of a type from a term.
///
/// Keys of maps and names of variants may be atoms or binaries, and so may strings. Lists and
/// tuples are sequences and tuples, `nil` is `None`, and is `null` in a
/// [`serde_json::Value`]. [`Atom`] takes atoms only, and [`Term`] everything.
///
/// ```
/// use phx_runtime::phoenix::{Map, Term, from_term};
///
/// #[derive(serde::Deserialize)]
/// struct User {
///     id: u64,
/// }
///
/// let by_text = Term::from_json(r#"{"id": 7}"#)?; // `%{"id" => 7}`
/// let user: User = from_term(&by_text)?; // `%{id: 7}` would do as well
/// assert_eq!(user.id, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// The term is not of the type.
pub fn from_term<T: DeserializeOwned>(term: &Term) -> Result<T, SerdeError> {
    T::deserialize(TermDeserializer { term, is_key: false })
}

impl<'de> Deserialize<'de> for Atom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AtomVisitor;

        impl<'de> Visitor<'de> for AtomVisitor {
            type Value = Atom;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an atom")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Atom, E> {
                Atom::new(text).map_err(E::custom)
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Atom, D::Error> {
                deserializer.deserialize_str(self)
            }
        }

        deserializer.deserialize_newtype_struct(ATOM, AtomVisitor)
    }
}

impl<'de> Deserialize<'de> for Term {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TermVisitor;

        impl<'de> Visitor<'de> for TermVisitor {
            type Value = Term;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a term")
            }

            fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Term, E> {
                decode_own(bytes).map_err(E::custom)
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Term, D::Error> {
                deserializer.deserialize_byte_buf(self)
            }
        }

        deserializer.deserialize_newtype_struct(TERM, TermVisitor)
    }
}

#[derive(Clone, Copy)]
struct TermDeserializer<'de> {
    term: &'de Term,
    /// As a key, every atom is its text, also `nil`.
    is_key: bool,
}

impl<'de> TermDeserializer<'de> {
    fn value(term: &'de Term) -> Self {
        Self { term, is_key: false }
    }

    /// The text of an atom or binary.
    fn text(self) -> Result<&'de str, SerdeError> {
        match self.term {
            Term::Atom(atom) => Ok(atom.as_str()),
            term => term.as_text().ok_or_else(|| self.unexpected("a string or an atom")),
        }
    }

    fn unexpected(self, expected: &str) -> SerdeError {
        let kind = match self.term {
            Term::Integer(_) => Unexpected::Other("integer"),
            Term::Float(_) => Unexpected::Other("float"),
            Term::Atom(_) => Unexpected::Other("atom"),
            Term::Binary(_) => Unexpected::Other("binary"),
            Term::List(_) => Unexpected::Seq,
            Term::ImproperList(_) => Unexpected::Other("improper list"),
            Term::Tuple(_) => Unexpected::Other("tuple"),
            Term::Map(_) => Unexpected::Map,
            Term::Pid(_) | Term::Reference(_) | Term::Other(_) => Unexpected::Other("identifier"),
        };
        SerdeError::invalid_type(kind, &expected)
    }
}

impl<'de> Deserializer<'de> for TermDeserializer<'de> {
    type Error = SerdeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerdeError> {
        match self.term {
            Term::Integer(integer) => {
                if let Some(small) = integer.as_i64() {
                    visitor.visit_i64(small)
                } else if let Ok(Ok(large)) = u128::try_from(integer).map(u64::try_from) {
                    visitor.visit_u64(large)
                } else if let Ok(large) = i128::try_from(integer) {
                    visitor.visit_i128(large)
                } else if let Ok(large) = u128::try_from(integer) {
                    visitor.visit_u128(large)
                } else {
                    Err(SerdeError::custom("an integer of more than 128 bits"))
                }
            }
            Term::Float(float) => visitor.visit_f64(float.get()),
            Term::Atom(atom) if self.is_key => visitor.visit_borrowed_str(atom.as_str()),
            Term::Atom(atom) => match atom.as_str() {
                "nil" => visitor.visit_unit(),
                "true" => visitor.visit_bool(true),
                "false" => visitor.visit_bool(false),
                text => visitor.visit_borrowed_str(text),
            },
            Term::Binary(bytes) => match str::from_utf8(bytes) {
                Ok(text) => visitor.visit_borrowed_str(text),
                Err(_) => visitor.visit_borrowed_bytes(bytes),
            },
            Term::List(items) | Term::Tuple(items) => {
                let mut rest = Sequence(items.iter());
                let value = visitor.visit_seq(&mut rest)?;
                match rest.0.len() {
                    0 => Ok(value),
                    _ => Err(SerdeError::invalid_length(items.len(), &"fewer elements")),
                }
            }
            Term::Map(map) => visitor.visit_map(Pairs { rest: map.0.iter(), value: None }),
            Term::ImproperList(_) | Term::Pid(_) | Term::Reference(_) | Term::Other(_) => {
                Err(self.unexpected("a value"))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerdeError> {
        if self.term.is_atom("nil") { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerdeError> {
        match self.term {
            Term::Binary(bytes) => visitor.visit_borrowed_bytes(bytes),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerdeError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerdeError> {
        match self.term {
            Term::Atom(atom) => visitor.visit_borrowed_str(atom.as_str()),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, SerdeError> {
        match (name, self.term) {
            (TERM, term) => visitor.visit_byte_buf(term.encode()),
            (ATOM, Term::Atom(atom)) => visitor.visit_borrowed_str(atom.as_str()),
            (ATOM, _) => Err(self.unexpected("an atom")),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, SerdeError> {
        match self.term {
            Term::Map(map) => match &*map.0 {
                [(name, value)] => {
                    let name = Self { term: name, is_key: true }.text()?;
                    visitor.visit_enum(Variant { name, value: Some(value) })
                }
                _ => Err(self.unexpected("a map of one key, or a name")),
            },
            _ => visitor.visit_enum(Variant { name: self.text()?, value: None }),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string unit unit_struct seq
        tuple tuple_struct map struct ignored_any
    }
}

struct Sequence<'de>(slice::Iter<'de, Term>);

impl<'de> SeqAccess<'de> for Sequence<'de> {
    type Error = SerdeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, SerdeError> {
        self.0.next().map(|term| seed.deserialize(TermDeserializer::value(term))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Pairs<'de> {
    rest: slice::Iter<'de, (Term, Term)>,
    value: Option<&'de Term>,
}

impl<'de> MapAccess<'de> for Pairs<'de> {
    type Error = SerdeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, SerdeError> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(TermDeserializer { term: key, is_key: true }).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, SerdeError> {
        let value = self.value.take().ok_or_else(|| SerdeError::custom("a value without key"))?;
        seed.deserialize(TermDeserializer::value(value))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The name of an enum's variant, and what is inside.
struct Variant<'de> {
    name: &'de str,
    value: Option<&'de Term>,
}

impl<'de> Variant<'de> {
    fn inside(self) -> Result<TermDeserializer<'de>, SerdeError> {
        let value = self.value.ok_or_else(|| {
            SerdeError::invalid_type(Unexpected::UnitVariant, &"a variant with something inside")
        })?;
        Ok(TermDeserializer::value(value))
    }
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = SerdeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), SerdeError> {
        let name = BorrowedStrDeserializer::<SerdeError>::new(self.name);
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = SerdeError;

    fn unit_variant(self) -> Result<(), SerdeError> {
        match self.value {
            None => Ok(()),
            Some(value) => <()>::deserialize(TermDeserializer::value(value)),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, SerdeError> {
        seed.deserialize(self.inside()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, SerdeError> {
        self.inside()?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, SerdeError> {
        self.inside()?.deserialize_any(visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;
    use serde_json::{Value, json};

    use super::*;
    use crate::phoenix::{Map, to_term};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct User {
        id: u64,
        role: Role,
        #[serde(default)]
        note: Option<String>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Role {
        Admin,
        Of(String),
        Both(u8, u8),
        Named { name: String },
    }

    fn comes_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: T) -> Term {
        let term = to_term(&value).unwrap();
        assert_eq!(from_term::<T>(&term).unwrap(), value, "{term:?}");
        term
    }

    #[test]
    fn values_come_back() {
        assert_eq!(comes_back(42_u64), 42.into());
        assert_eq!(comes_back("Ünä".to_owned()), "Ünä".into());
        assert_eq!(comes_back((1, "a".to_owned())), Term::Tuple(vec![1.into(), "a".into()]));
        assert_eq!(comes_back(vec![1, 2]), Term::List(vec![1.into(), 2.into()]));
        assert_eq!(comes_back(None::<u8>), Term::NIL);
        assert_eq!(comes_back(()), Term::NIL);
        comes_back(true);
        comes_back(-2.5e-10);
        comes_back(u128::MAX);
        comes_back(i128::MIN);
        comes_back(u64::MAX);
        comes_back('ä');
        comes_back(BTreeMap::from([(1, "a".to_owned()), (2, "b".to_owned())]));
        comes_back(Atom::new("admin").unwrap());
        comes_back(BTreeMap::from([(Atom::new("a").unwrap(), Term::Tuple(vec![Term::NIL]))]));
        for role in [Role::Admin, Role::Of("x".into()), Role::Both(1, 2)] {
            comes_back(role);
        }
        comes_back(Role::Named { name: "x".into() });
        comes_back(User { id: 7, role: Role::Admin, note: Some("nil".into()) });
        comes_back(json!({"a": [1, -2, 2.5, null, true, {"b": "c"}], "d": u64::MAX}));
    }

    #[test]
    fn keys_and_names_may_be_atoms_or_strings() {
        let by_atom = Map::of([
            ("id", 7.into()),
            ("role", Term::atom("admin")),
            ("note", Term::NIL),
            ("more", Term::Tuple(vec![])),
        ]);
        let user = User { id: 7, role: Role::Admin, note: None };
        assert_eq!(from_term::<User>(&by_atom.into()).unwrap(), user);
        let by_text = Term::from_json(r#"{"id": 7, "role": "admin"}"#).unwrap();
        assert_eq!(from_term::<User>(&by_text).unwrap(), user);
        let keys = Map::of([("nil", 1.into()), ("true", 2.into())]);
        let keys: BTreeMap<String, u8> = from_term(&keys.into()).unwrap();
        assert_eq!(keys, BTreeMap::from([("nil".into(), 1), ("true".into(), 2)]));
        assert_eq!(from_term::<Value>(&Term::atom("admin")).unwrap(), json!("admin"));
    }

    #[test]
    fn a_term_of_another_type_is_an_error() {
        assert!(from_term::<u64>(&"7".into()).is_err());
        assert!(from_term::<u8>(&256.into()).is_err());
        assert!(from_term::<String>(&7.into()).is_err());
        assert!(from_term::<String>(&Term::NIL).is_err());
        assert!(from_term::<(u8,)>(&Term::Tuple(vec![1.into(), 2.into()])).is_err());
        assert!(from_term::<Atom>(&"text".into()).is_err());
        assert!(from_term::<Role>(&Term::atom("unknown")).is_err());
        assert!(from_term::<User>(&Map::default().into()).is_err());
        assert!(to_term(&f64::NAN).is_err());
    }
}
