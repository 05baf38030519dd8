//! Decoding parameters into the fields of a type.
//!
//! All values are texts, so the type says what they mean. Recursion goes as deep as parameters are
//! nested, which is bounded where they are read.

use std::fmt;

use serde::{
    Deserializer,
    de::{
        DeserializeOwned, DeserializeSeed, Error as _, Expected, IntoDeserializer, MapAccess,
        SeqAccess, Unexpected, Visitor, value::MapAccessDeserializer,
    },
};
use serde_json::{Map, Value};

/// Longer names are cut off in errors, which are logged.
const LONGEST_NAME: usize = 64;

pub(super) fn decode<T: DeserializeOwned>(params: &Map<String, Value>) -> Result<T, Error> {
    T::deserialize(Field::Object(params))
}

/// Why parameters do not decode: which one, and what it should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Error {
    /// From the innermost on.
    path: Vec<String>,
    message: String,
}

impl Error {
    fn under(mut self, name: &str) -> Self {
        let cut = name.char_indices().nth(LONGEST_NAME).map_or(name.len(), |(at, _)| at);
        self.path.push(name[..cut].to_owned());
        self
    }

    fn expected(what: impl fmt::Display) -> Self {
        Self::custom(format_args!("expected {what}"))
    }
}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { path: Vec::new(), message: message.to_string() }
    }

    // What follows would say what came instead.

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(expected)
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(expected)
    }

    fn unknown_variant(_: &str, variants: &'static [&'static str]) -> Self {
        Self::expected(one_of(variants))
    }

    fn unknown_field(_: &str, fields: &'static [&'static str]) -> Self {
        Self::custom(format_args!("unknown, expected {}", one_of(fields)))
    }
}

fn one_of(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" or ")
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = self.path.iter().rev();
        if let Some(first) = names.next() {
            write!(f, "parameter `{}", first.escape_debug())?;
            names.try_for_each(|name| write!(f, "[{}]", name.escape_debug()))?;
            f.write_str("`: ")?;
        }
        f.write_str(&self.message)
    }
}

/// All parameters, one of them, a part of one, or the name of such.
#[derive(Clone, Copy)]
enum Field<'de> {
    Text(&'de str),
    List(&'de [Value]),
    Object(&'de Map<String, Value>),
}

impl<'de> Field<'de> {
    fn of(value: &'de Value) -> Self {
        match value {
            Value::Array(items) => Self::List(items),
            Value::Object(fields) => Self::Object(fields),
            // Parameters have no other values.
            text => Self::Text(text.as_str().unwrap_or_default()),
        }
    }

    fn text(self, expected: &str) -> Result<&'de str, Error> {
        match self {
            Self::Text(text) => Ok(text),
            _ => Err(Error::expected(expected)),
        }
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $type:ty, $what:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let parsed = self.text($what)?.parse::<$type>();
            visitor.$visit(parsed.map_err(|error| {
                Error::custom(format_args!("expected {}: {error}", $what))
            })?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Field<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Text(text) => visitor.visit_borrowed_str(text),
            Self::List(items) => visitor.visit_seq(Items::of(items.iter())),
            Self::Object(fields) => visitor.visit_map(Fields::of(fields)),
        }
    }

    parsed! {
        deserialize_bool visit_bool bool, "`true` or `false`";
        deserialize_i8 visit_i8 i8, "a number";
        deserialize_i16 visit_i16 i16, "a number";
        deserialize_i32 visit_i32 i32, "a number";
        deserialize_i64 visit_i64 i64, "a number";
        deserialize_i128 visit_i128 i128, "a number";
        deserialize_u8 visit_u8 u8, "a number";
        deserialize_u16 visit_u16 u16, "a number";
        deserialize_u32 visit_u32 u32, "a number";
        deserialize_u64 visit_u64 u64, "a number";
        deserialize_u128 visit_u128 u128, "a number";
        deserialize_f32 visit_f32 f32, "a number";
        deserialize_f64 visit_f64 f64, "a number";
        deserialize_char visit_char char, "a character";
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str(self.text("a text")?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_bytes(self.text("a text")?.as_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::List(items) => visitor.visit_seq(Items::of(items.iter())),
            Self::Object(fields) => {
                let items = in_order(fields).ok_or_else(|| Error::expected("a list"))?;
                visitor.visit_seq(Items::of(items.into_iter()))
            }
            Self::Text(_) => Err(Error::expected("a list")),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Object(fields) => visitor.visit_map(Fields::of(fields)),
            _ => Err(Error::expected("an object")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Self::Object(fields) => {
                visitor.visit_enum(MapAccessDeserializer::new(Fields::of(fields)))
            }
            Self::Text(text) => visitor.visit_enum(text.into_deserializer()),
            Self::List(_) => Err(Error::expected(one_of(variants))),
        }
    }
}

/// The items of a list that is written as an object, `0`, `1` and so on.
fn in_order(fields: &Map<String, Value>) -> Option<Vec<&Value>> {
    let mut items = Vec::with_capacity(fields.len());
    for (key, value) in fields {
        items.push((key.parse::<u32>().ok()?, value));
    }
    items.sort_unstable_by_key(|(at, _)| *at);
    Some(items.into_iter().map(|(_, value)| value).collect())
}

/// The fields of an object.
struct Fields<'de> {
    left: serde_json::map::Iter<'de>,
    value: Option<(&'de str, &'de Value)>,
}

impl<'de> Fields<'de> {
    fn of(fields: &'de Map<String, Value>) -> Self {
        Self { left: fields.iter(), value: None }
    }
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((name, value)) = self.left.next() else { return Ok(None) };
        self.value = Some((name, value));
        seed.deserialize(Field::Text(name)).map(Some).map_err(|error| error.under(name))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let (name, value) =
            self.value.take().ok_or_else(|| Error::custom("a value without a name"))?;
        seed.deserialize(Field::of(value)).map_err(|error| error.under(name))
    }
}

/// The items of a list.
struct Items<I> {
    left: I,
    taken: usize,
}

impl<'de, I: Iterator<Item = &'de Value>> Items<I> {
    fn of(left: I) -> Self {
        Self { left, taken: 0 }
    }
}

impl<'de, I: Iterator<Item = &'de Value>> SeqAccess<'de> for Items<I> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some(item) = self.left.next() else { return Ok(None) };
        let at = self.taken;
        self.taken += 1;
        seed.deserialize(Field::of(item)).map(Some).map_err(|error| error.under(&at.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use serde::Deserialize;

    use super::super::query;

    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Role {
        Guest,
        Member { since: u16 },
    }

    #[derive(Deserialize, Debug, PartialEq)]
    struct User {
        id: u64,
        admin: Option<bool>,
    }

    #[derive(Deserialize, Debug, PartialEq)]
    struct Connect {
        token: String,
        room: Option<u32>,
        user: Option<User>,
        #[serde(default)]
        tags: Vec<String>,
        at: Option<(f64, f64)>,
        role: Option<Role>,
        #[serde(default)]
        counts: BTreeMap<u8, i64>,
    }

    #[derive(Deserialize)]
    struct Wrapped(HashMap<String, String>);

    fn decode(query: &str) -> Result<Connect, String> {
        super::decode(&query::decode(query).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn parameters_decode_into_the_types_of_fields() {
        let all = decode(
            "token=a+b&room=7&vsn=2.0.0&user[id]=9&user[admin]=true&tags[]=x&tags[]=y&at[]=1.5\
             &at[]=-2&role[member][since]=2015&counts[3]=-4",
        );
        let expected = Connect {
            token: "a b".into(),
            room: Some(7),
            user: Some(User { id: 9, admin: Some(true) }),
            tags: vec!["x".into(), "y".into()],
            at: Some((1.5, -2.0)),
            role: Some(Role::Member { since: 2015 }),
            counts: BTreeMap::from([(3, -4)]),
        };
        assert_eq!(all.unwrap(), expected);
        assert_eq!(decode("token=&role=guest").unwrap().role, Some(Role::Guest));
    }

    #[test]
    fn a_list_may_have_the_indices_that_the_javascript_client_writes() {
        let pairs: Vec<_> = (0..12).rev().map(|at| format!("tags[{at}]={at}")).collect();
        let tags = decode(&format!("token=a&{}", pairs.join("&"))).unwrap().tags;
        assert_eq!(tags, (0..12).map(|at: u8| at.to_string()).collect::<Vec<_>>());
    }

    #[test]
    fn an_error_names_the_parameter_and_not_its_value() {
        for (query, error) in [
            ("room=7", "missing field `token`"),
            ("token=a&room=secret", "parameter `room`: expected a number: invalid digit"),
            (
                "token=a&room=",
                "parameter `room`: expected a number: cannot parse integer from empty",
            ),
            ("token[]=secret", "parameter `token`: expected a text"),
            ("token=a&tags=secret", "parameter `tags`: expected a list"),
            ("token=a&tags[secret]=1", "parameter `tags`: expected a list"),
            ("token=a&tags[][b]=secret", "parameter `tags[0]`: expected a text"),
            ("token=a&user=secret", "parameter `user`: expected an object"),
            ("token=a&user[name]=secret", "parameter `user`: missing field `id`"),
            ("token=a&user[id]=-secret", "parameter `user[id]`: expected a number"),
            ("token=a&role=secret", "parameter `role`: expected `guest` or `member`"),
            ("token=a&role[]=secret", "parameter `role`: expected `guest` or `member`"),
            ("token=a&at[]=1", "parameter `at`: invalid length 1"),
        ] {
            let text = decode(query).unwrap_err();
            assert!(text.starts_with(error) && !text.contains("secret"), "{query}: {text}");
        }
    }

    #[test]
    fn whatever_takes_names_and_values_takes_parameters() {
        let params = query::decode("a=1&b=2").unwrap();
        let expected: HashMap<_, _> = [("a".to_owned(), 1), ("b".to_owned(), 2)].into();
        assert_eq!(super::decode::<HashMap<String, u8>>(&params).unwrap(), expected);
        super::decode::<()>(&params).unwrap();
        assert_eq!(super::decode::<Wrapped>(&params).unwrap().0["b"], "2");
        assert!(super::decode::<Option<HashMap<String, u8>>>(&params).unwrap().is_some());
    }
}
