//! Terms as JSON, as Phoenix's clients get them from Jason.

use std::{borrow::Cow, fmt::Write, slice};

use super::{Atom, Map, Term, calendar, no_json::NoJson};

/// What is still to be written.
enum Open<'a> {
    Array(slice::Iter<'a, Term>),
    Object(slice::Iter<'a, (Term, Term)>),
}

impl Term {
    /// The term as JSON, the same as Phoenix's clients get, but for the order of keys.
    ///
    /// # Errors
    ///
    /// Some terms have none, see [`NoJson`].
    pub fn to_json(&self) -> Result<String, NoJson> {
        let mut output = String::new();
        let first = begin(self, &mut output)?;
        finish(first, output)
    }

    /// The text that the term is as the key of an object.
    #[cfg(feature = "redis")]
    pub(crate) fn to_json_key(&self) -> Result<Cow<'_, str>, NoJson> {
        key_text(self)
    }
}

impl Map {
    /// As [`Term::to_json`]. A struct may be text.
    pub(crate) fn to_json(&self) -> Result<String, NoJson> {
        let mut output = String::new();
        let first = begin_map(self, &mut output)?;
        finish(first, output)
    }
}

/// Writes what is inside of the first term, and its end.
fn finish(first: Option<Open<'_>>, mut output: String) -> Result<String, NoJson> {
    let mut open = Vec::from_iter(first);
    while let Some(last) = open.last_mut() {
        let value = match last {
            Open::Array(items) => items.next(),
            Open::Object(pairs) => match pairs.next() {
                Some((key, value)) => {
                    separate(&mut output);
                    string(&key_text(key)?, &mut output);
                    output.push(':');
                    Some(value)
                }
                None => None,
            },
        };
        match (value, &last) {
            (Some(value), Open::Array(_)) => {
                separate(&mut output);
                open.extend(begin(value, &mut output)?);
            }
            (Some(value), Open::Object(_)) => open.extend(begin(value, &mut output)?),
            (None, Open::Array(_)) => {
                output.push(']');
                open.pop();
            }
            (None, Open::Object(_)) => {
                output.push('}');
                open.pop();
            }
        }
    }
    Ok(output)
}

/// A comma, except before the first.
fn separate(output: &mut String) {
    if !output.ends_with(['[', '{']) {
        output.push(',');
    }
}

/// Writes the term, or its beginning if there is something inside.
fn begin<'a>(term: &'a Term, output: &mut String) -> Result<Option<Open<'a>>, NoJson> {
    match term {
        Term::Integer(integer) => {
            output.push_str(&integer.to_decimal().ok_or(NoJson::HugeInteger)?);
        }
        Term::Float(float) => output.push_str(&float_text(float.get())),
        Term::Atom(atom) => match atom.as_str() {
            "nil" => output.push_str("null"),
            boolean @ ("true" | "false") => output.push_str(boolean),
            text => string(text, output),
        },
        Term::Binary(bytes) => string(str::from_utf8(bytes).map_err(|_| NoJson::Binary)?, output),
        Term::List(items) => {
            output.push('[');
            return Ok(Some(Open::Array(items.iter())));
        }
        Term::Map(map) => return begin_map(map, output),
        Term::ImproperList(_) => return Err(NoJson::ImproperList),
        Term::Tuple(_) => return Err(NoJson::Tuple),
        Term::Pid(_) | Term::Reference(_) | Term::Other(_) => return Err(NoJson::Opaque),
    }
    Ok(None)
}

fn begin_map<'a>(map: &'a Map, output: &mut String) -> Result<Option<Open<'a>>, NoJson> {
    let Some(module) = map.struct_module() else {
        output.push('{');
        return Ok(Some(Open::Object(map.0.iter())));
    };
    let text = calendar::json_text(known(module)?, map);
    string(&text.ok_or_else(|| invalid(module))?, output);
    Ok(None)
}

fn known(module: &Term) -> Result<calendar::Module, NoJson> {
    let known = module.as_atom().map(Atom::as_str).and_then(calendar::Module::of);
    known.ok_or_else(|| NoJson::Struct(module_name(module)))
}

fn invalid(module: &Term) -> NoJson {
    NoJson::InvalidStruct(module_name(module))
}

fn module_name(module: &Term) -> String {
    let name = module.as_atom().map_or("", Atom::as_str);
    name.strip_prefix("Elixir.").unwrap_or(name).to_owned()
}

/// What `to_string` makes of a key.
fn key_text(key: &Term) -> Result<Cow<'_, str>, NoJson> {
    match key {
        Term::Atom(atom) => Ok(atom.as_str().into()),
        Term::Binary(bytes) => str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| NoJson::Binary),
        Term::Integer(integer) => integer.to_decimal().map(Cow::Owned).ok_or(NoJson::HugeInteger),
        Term::Float(float) => Ok(float_text(float.get()).into()),
        Term::List(items) => charlist(items).map(Cow::Owned).ok_or(NoJson::Key),
        Term::Map(map) => struct_key(map).map(Cow::Owned),
        Term::ImproperList(_)
        | Term::Tuple(_)
        | Term::Pid(_)
        | Term::Reference(_)
        | Term::Other(_) => Err(NoJson::Key),
    }
}

fn struct_key(map: &Map) -> Result<String, NoJson> {
    let module = map.struct_module().ok_or(NoJson::Key)?;
    calendar::key_text(known(module)?, map).ok_or_else(|| invalid(module))
}

/// The text of a list of characters.
fn charlist(items: &[Term]) -> Option<String> {
    let character = |item: &Term| char::from_u32(item.as_i64()?.try_into().ok()?);
    items.iter().map(character).collect()
}

fn string(text: &str, output: &mut String) {
    output.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c < ' ' || matches!(c, '"' | '\\')) {
        let (plain, special) = rest.split_at(at);
        output.push_str(plain);
        let mut characters = special.chars();
        match characters.next() {
            Some('"') => output.push_str("\\\""),
            Some('\\') => output.push_str("\\\\"),
            Some('\n') => output.push_str("\\n"),
            Some('\r') => output.push_str("\\r"),
            Some('\t') => output.push_str("\\t"),
            Some('\u{8}') => output.push_str("\\b"),
            Some('\u{c}') => output.push_str("\\f"),
            Some(control) => {
                // Writing to a string cannot fail.
                let _ = write!(output, "\\u{:04X}", u32::from(control));
            }
            None => {}
        }
        rest = characters.as_str();
    }
    output.push_str(rest);
    output.push('"');
}

/// The shortest digits that read back the same, always with a point; with an exponent where that is
/// shorter, and from 2^53 on, where not every integer is a float.
fn float_text(value: f64) -> String {
    const FIRST_INEXACT: f64 = 9_007_199_254_740_992.0;
    let scientific = with_point(format!("{value:e}"));
    if value.abs() >= FIRST_INEXACT {
        return scientific;
    }
    let plain = with_point(value.to_string());
    if scientific.len() < plain.len() { scientific } else { plain }
}

/// Rust leaves out `.0`.
fn with_point(mut digits: String) -> String {
    if !digits.contains('.') {
        digits.insert_str(digits.find('e').unwrap_or(digits.len()), ".0");
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phoenix::{Float, ImproperList, Pid};

    fn json(term: impl Into<Term>) -> String {
        term.into().to_json().unwrap()
    }

    fn float(value: f64) -> Term {
        Term::Float(Float::new(value).unwrap())
    }

    #[test]
    fn atoms_are_null_booleans_or_strings_as_values_and_text_as_keys() {
        assert_eq!(json(Term::NIL), "null");
        assert_eq!(json(true), "true");
        assert_eq!(json(Term::atom("undefined")), r#""undefined""#);
        assert_eq!(json(Term::atom("Elixir.MyApp.User")), r#""Elixir.MyApp.User""#);
        assert_eq!(json(Map::of([("nil", false.into())])), r#"{"nil":false}"#);
        assert_eq!(json(Map::of([("true", Term::NIL)])), r#"{"true":null}"#);
    }

    #[test]
    fn keys_are_made_strings() {
        let key = |key: Term| json(Map::new(vec![(key, 1.into())]).unwrap());
        assert_eq!(key(7.into()), r#"{"7":1}"#);
        assert_eq!(key(float(1.0)), r#"{"1.0":1}"#);
        assert_eq!(key("__struct__".into()), r#"{"__struct__":1}"#);
        assert_eq!(key(Term::List(vec![104.into(), 105.into()])), r#"{"hi":1}"#);
        let both = Map::new(vec![(Term::atom("a"), 1.into()), ("a".into(), 2.into())]).unwrap();
        assert_eq!(json(both), r#"{"a":1,"a":2}"#, "as Phoenix writes it");
        let tuple = Map::new(vec![(Term::Tuple(vec![]), 1.into())]).unwrap();
        assert_eq!(Term::Map(tuple).to_json(), Err(NoJson::Key));
    }

    #[test]
    fn floats_have_a_point_and_the_shortest_digits() {
        for (value, text) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (3.5, "3.5"),
            (1e20, "1.0e20"),
            (-2.5e-10, "-2.5e-10"),
            (1.25e22, "1.25e22"),
            (123_456.75, "123456.75"),
            (9_007_199_254_740_991.0, "9007199254740991.0"),
            (9_007_199_254_740_992.0, "9.007199254740992e15"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
        ] {
            assert_eq!(json(float(value)), text);
        }
    }

    #[test]
    fn strings_are_escaped_and_nothing_more() {
        assert_eq!(json("Grüße, 世界 🎉"), r#""Grüße, 世界 🎉""#);
        let text = "\"\\/\n\t\r\u{8}\u{c}\u{1}\u{7f}\u{2028}</script>";
        let written = json(text);
        assert_eq!(written, "\"\\\"\\\\/\\n\\t\\r\\b\\f\\u0001\u{7f}\u{2028}</script>\"");
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
    }

    #[test]
    fn lists_and_maps_may_be_empty_and_nested() {
        let inner = Term::List(vec![Term::List(vec![]), Map::default().into(), 1.into()]);
        let map = Map::of([("a", inner), ("b", Map::of([("c", Term::NIL)]).into())]);
        assert_eq!(json(map), r#"{"a":[[],{},1],"b":{"c":null}}"#);
        // A list of the bytes of a text is a list of numbers.
        assert_eq!(json(Term::decode(&b"\x83\x6b\0\x02hi"[..]).unwrap()), "[104,105]");
    }

    #[test]
    fn a_term_without_json_is_an_error_wherever_it_is() {
        let tuple = || Term::Tuple(vec![]);
        let improper = ImproperList { items: vec![1.into()], tail: 2.into() };
        let pid = Pid { node: Atom::of("a"), number: 0, serial: 0, creation: 0 };
        let user = Map::of([("__struct__", Term::atom("Elixir.MyApp.User")), ("id", 1.into())]);
        for (term, error) in [
            (tuple(), NoJson::Tuple),
            (Term::List(vec![tuple()]), NoJson::Tuple),
            (Map::of([("a", tuple())]).into(), NoJson::Tuple),
            (Term::ImproperList(Box::new(improper)), NoJson::ImproperList),
            (Term::Pid(Box::new(pid)), NoJson::Opaque),
            (Term::Binary(vec![0xff].into()), NoJson::Binary),
            (user.into(), NoJson::Struct("MyApp.User".into())),
            (Map::of([("__struct__", 1.into())]).into(), NoJson::Struct(String::new())),
        ] {
            assert_eq!(term.to_json(), Err(error));
        }
    }
}
