//! Options with a single value.

use proc_macro2::{Ident, Span};
use syn::{LitInt, LitStr};

use super::{
    given::{Given, Refused},
    named::named,
    quantity,
    value::Value,
};
use crate::diag::Errors;

const LEVELS: &[(&str, &str)] = &[
    ("off", "Off"),
    ("error", "Error"),
    ("warn", "Warn"),
    ("info", "Info"),
    ("debug", "Debug"),
    ("trace", "Trace"),
];

/// How others write a timeout that never comes.
const NEVER: &[&str] = &["infinity", ":infinity", "infinite", "never", "none", "off"];

/// What a duration of nothing means to an option.
#[derive(Clone, Copy)]
pub(super) enum Zero {
    Fine,
    Invalid,
    /// It was meant to turn something off, for which `false` stands.
    Off,
}

pub(super) fn flag(given: &Given<'_>) -> Result<Value, Refused> {
    match given {
        Given::Flag(on) => Ok(Value::Flag(*on)),
        _ => Err(Refused::Kind),
    }
}

pub(super) fn count(key: &Ident, given: &Given<'_>) -> Result<Value, Refused> {
    match given {
        Given::Int(number) if number.suffix().is_empty() => positive(key, number),
        _ => Err(Refused::Kind),
    }
}

pub(super) fn size(key: &Ident, given: &Given<'_>) -> Result<Value, Refused> {
    match given {
        Given::Text(text) => match quantity::bytes(&text.value())? {
            0 => Err(format!("`{key}` must be at least 1 byte").into()),
            bytes => Ok(Value::Number(bytes)),
        },
        given => count(key, given),
    }
}

fn positive(key: &Ident, number: &LitInt) -> Result<Value, Refused> {
    match number.base10_parse() {
        Ok(0) => Err(format!("`{key}` must be at least 1").into()),
        Ok(number) => Ok(Value::Number(number)),
        Err(error) => Err(error.to_string().into()),
    }
}

pub(super) fn duration(key: &Ident, given: &Given<'_>, zero: Zero) -> Result<Value, Refused> {
    match (given, zero) {
        (Given::Flag(false), Zero::Off) => Ok(Value::Timeout(None)),
        (Given::Int(number), _) => {
            let digits = number.base10_digits();
            let meant = match number.suffix() {
                "" => quantity::with_unit(digits),
                unit => format!("{digits}{unit}"),
            };
            Err(format!("a duration is written with its unit: `{key} = \"{meant}\"`").into())
        }
        (Given::Text(text), Zero::Off) if NEVER.contains(&text.value().as_str()) => {
            Err(format!("for ever is written `{key} = false`").into())
        }
        (Given::Function(path), Zero::Off)
            if path.path.get_ident().is_some_and(|word| word == "None") =>
        {
            Err(format!("for ever is written `{key} = false`").into())
        }
        (Given::Text(text), zero) => match (quantity::milliseconds(&text.value())?, zero) {
            (0, Zero::Off) => {
                Err(format!("`{key}` cannot be zero; `{key} = false` turns it off").into())
            }
            (0, Zero::Invalid) => Err(format!("`{key}` cannot be zero").into()),
            (ms, Zero::Off) => Ok(Value::Timeout(Some(ms))),
            (ms, _) => Ok(Value::Duration(ms)),
        },
        _ => Err(Refused::Kind),
    }
}

pub(super) fn level(
    key: &Ident,
    given: &Given<'_>,
    place: Span,
    errors: &Errors,
) -> Result<Value, Refused> {
    match given {
        Given::Function(path) if let Some(word) = path.path.get_ident() => {
            let level = word.to_string().to_lowercase();
            if !LEVELS.iter().any(|(name, _)| *name == level) {
                return Err(Refused::Kind);
            }
            Err(format!("a level is a string: `{key} = \"{level}\"`").into())
        }
        Given::Flag(false) => Ok(Value::Level("Off")),
        Given::Text(text) => named(LEVELS, &text.value(), "level", place, errors)
            .map(Value::Level)
            .ok_or(Refused::Reported),
        _ => Err(Refused::Kind),
    }
}

pub(super) fn path(given: &Given<'_>, errors: &Errors) -> Result<Value, Refused> {
    let Given::Text(text) = given else { return Err(Refused::Kind) };
    check_path(text, errors);
    Ok(Value::Text((*text).clone()))
}

pub(super) fn function(given: &Given<'_>) -> Result<Value, Refused> {
    match given {
        Given::Function(path) => Ok(Value::Function((*path).clone())),
        _ => Err(Refused::Kind),
    }
}

/// The path of a socket or of one of its transports.
pub(super) fn check_path(text: &LitStr, errors: &Errors) {
    let path = text.value();
    if !path.starts_with('/') {
        errors.at(text, format!("a path starts with `/`: \"/{path}\""));
    } else if path.ends_with('/') {
        errors.at(text, "a path here has no trailing `/`: more is appended to it");
    } else if path.contains("//") {
        errors.at(text, "a path has no empty segments: write one `/`");
    } else if let Some(odd) = path.chars().find(|c| "*?#\\".contains(*c) || c.is_whitespace()) {
        errors.at(text, format!("a path cannot contain `{}`", odd.escape_default()));
    }
}
