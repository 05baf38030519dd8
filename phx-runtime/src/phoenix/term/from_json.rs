//! JSON as terms: what Jason makes of it, with strings as keys.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use thiserror::Error;

use super::{Float, Integer, Map, Term};

/// Text that is not JSON, or has a number that does not fit into a term.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FromJsonError {
    /// It is not JSON, or is deeper than 127.
    #[error("invalid JSON")]
    Syntax(#[from] serde_json::Error),
    /// A number is too large for a float, or has more than 9,864 digits.
    #[error("a number too large for Erlang")]
    Number,
}

impl FromJsonError {
    /// A word for it in metrics and logs: the variant's name, such as `syntax`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Syntax(..) => "syntax",
            Self::Number => "number",
        }
    }
}

/// An array or object whose end is still to come.
enum Open {
    Array(Vec<Term>),
    Object { key: Option<String>, values: BTreeMap<String, Term> },
}

impl Term {
    /// JSON as a term: objects as maps with strings as keys, strings as binaries, `null` as `nil`.
    ///
    /// Integers keep all their digits. Of a key that occurs twice the last value counts, as with
    /// Jason: a map with the same key twice could not be read by Erlang.
    ///
    /// # Errors
    ///
    /// See [`FromJsonError`].
    pub fn from_json(json: &str) -> Result<Self, FromJsonError> {
        // From here on the text is known to be valid, and not deep.
        serde_json::from_str::<IgnoredAny>(json)?;
        let mut open: Vec<Open> = Vec::new();
        let mut rest = json;
        loop {
            rest = rest.trim_start_matches([' ', '\t', '\r', '\n', ',', ':']);
            let term = match rest.as_bytes().first() {
                Some(b'[') => {
                    rest = &rest[1..];
                    open.push(Open::Array(Vec::new()));
                    continue;
                }
                Some(b'{') => {
                    rest = &rest[1..];
                    open.push(Open::Object { key: None, values: BTreeMap::new() });
                    continue;
                }
                Some(b']' | b'}') => {
                    rest = &rest[1..];
                    match open.pop() {
                        Some(Open::Array(items)) => Self::List(items),
                        Some(Open::Object { values, .. }) => object(values),
                        None => return Err(invalid()),
                    }
                }
                Some(b'"') => {
                    let (text, after) = rest.split_at(string_len(rest));
                    rest = after;
                    let text: String = serde_json::from_str(text)?;
                    if let Some(Open::Object { key: key @ None, .. }) = open.last_mut() {
                        *key = Some(text);
                        continue;
                    }
                    Self::text(text)
                }
                Some(_) => {
                    let end = rest.find([',', ']', '}', ' ', '\t', '\r', '\n']);
                    let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
                    rest = after;
                    scalar(word)?
                }
                None => return Err(invalid()),
            };
            match open.last_mut() {
                Some(Open::Array(items)) => items.push(term),
                Some(Open::Object { key, values }) => {
                    values.insert(key.take().ok_or_else(invalid)?, term);
                }
                None => return Ok(term),
            }
        }
    }
}

fn object(values: BTreeMap<String, Term>) -> Term {
    // In the order of their keys, as a map keeps them.
    Term::Map(Map(values.into_iter().map(|(key, value)| (Term::text(key), value)).collect()))
}

/// How many bytes the string at the beginning has, with its quotes.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

fn scalar(word: &str) -> Result<Term, FromJsonError> {
    match word {
        "null" => Ok(Term::NIL),
        "true" => Ok(true.into()),
        "false" => Ok(false.into()),
        number if number.contains(['.', 'e', 'E']) => {
            let value = number.parse().ok().and_then(Float::new);
            value.map(Term::Float).ok_or(FromJsonError::Number)
        }
        number => {
            let integer = number.parse::<Integer>().map_err(|_| FromJsonError::Number)?;
            Ok(Term::Integer(integer))
        }
    }
}

/// Not reached, since the text is valid.
fn invalid() -> FromJsonError {
    FromJsonError::Syntax(serde::de::Error::custom("invalid JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_becomes_terms_and_comes_back() {
        for json in [
            "null",
            r#""""#,
            r#""a\"b\\""#,
            "[]",
            "{}",
            r#"{"a":[1,-2.5,true,false,null,{"b":{}}],"c":"Grüße \\ \" 🎉"}"#,
            "[18446744073709551616,-1000000000000000000000000000000]",
            "[[[]],[],[1.0e20]]",
        ] {
            assert_eq!(Term::from_json(json).unwrap().to_json().unwrap(), json);
            let spaced = json.replace(',', " ,\n").replace('[', "[\t");
            assert_eq!(Term::from_json(&spaced).unwrap(), Term::from_json(json).unwrap());
        }
        assert_eq!(Term::from_json(r#""\ud83c\udf89\u0041""#).unwrap(), Term::text("🎉A"));
    }

    #[test]
    fn of_a_key_that_occurs_twice_the_last_value_counts() {
        let map = Term::from_json(r#"{"a":1,"b":2,"a":3,"\u0061":4}"#).unwrap();
        assert_eq!(map.to_json().unwrap(), r#"{"a":4,"b":2}"#);
        assert_eq!(Term::decode(map.encode()), Ok(map));
    }

    #[test]
    fn what_is_no_json_or_no_term_is_an_error() {
        for json in ["", "{", "[1,]", "nul", "1 2", "'a'", &"[".repeat(200)] {
            assert!(matches!(Term::from_json(json), Err(FromJsonError::Syntax(_))), "{json}");
        }
        assert!(Term::from_json("1e999").is_err());
        let digits = "9".repeat(20_000);
        assert!(Term::from_json(&digits).is_err());
    }
}
