//! The JSON in which the samples note terms.

use phx_runtime::phoenix::{Atom, Float, ImproperList, Map, Pid, Reference, Term};
use serde_json::Value;

use crate::sample::Failure;

/// The term that a note stands for.
pub(crate) fn term(note: &Value) -> Result<Term, Failure> {
    match note {
        Value::Null => Ok(Term::NIL),
        Value::Bool(value) => Ok((*value).into()),
        Value::Number(number) => Ok(Term::Integer(number.to_string().parse()?)),
        Value::Object(fields) => {
            let mut fields = fields.iter().filter(|(name, _)| !matches!(&***name, "as" | "tail"));
            match fields.next() {
                Some((kind, value)) => of_kind(kind, value, &note["tail"]),
                None => Err("an empty note".into()),
            }
        }
        Value::String(_) | Value::Array(_) => Err(format!("no note of a term: {note}").into()),
    }
}

fn of_kind(kind: &str, value: &Value, tail: &Value) -> Result<Term, Failure> {
    let text = || value.as_str().ok_or_else(|| Failure::from(format!("no text: {value}")));
    Ok(match kind {
        "integer" => Term::Integer(text()?.parse()?),
        "float" => Term::Float(Float::new(text()?.parse()?).ok_or("no float")?),
        "atom" => Term::Atom(Atom::new(text()?)?),
        "binary" => Term::text(text()?),
        "binary_hex" => Term::Binary(hex(text()?)?.into()),
        "tuple" => Term::Tuple(terms(value)?),
        "list" | "improper_list" if !tail.is_null() => {
            let list = ImproperList { items: terms(value)?, tail: term(tail)? };
            Term::ImproperList(Box::new(list))
        }
        "list" => Term::List(terms(value)?),
        "map" => {
            let pairs = value.as_array().ok_or("no pairs")?.iter();
            let pairs = pairs.map(|pair| Ok((term(&pair[0])?, term(&pair[1])?)));
            Term::Map(Map::new(pairs.collect::<Result<_, Failure>>()?)?)
        }
        "pid" => {
            let (node, number, serial, creation) = serde_json::from_value(value.clone())?;
            Term::Pid(Box::new(Pid { node: atom(node)?, number, serial, creation }))
        }
        "reference" => {
            let (node, creation, words) = serde_json::from_value(value.clone())?;
            Term::Reference(Box::new(Reference { node: atom(node)?, creation, words }))
        }
        _ => return Err(format!("an unknown kind of note: {kind}").into()),
    })
}

fn atom(text: String) -> Result<Atom, Failure> {
    Ok(Atom::new(text)?)
}

fn terms(notes: &Value) -> Result<Vec<Term>, Failure> {
    notes.as_array().ok_or("no list")?.iter().map(term).collect()
}

fn hex(digits: &str) -> Result<Vec<u8>, Failure> {
    let pairs = digits.as_bytes().chunks(2).map(str::from_utf8);
    pairs.map(|pair| Ok(u8::from_str_radix(pair?, 16)?)).collect()
}
