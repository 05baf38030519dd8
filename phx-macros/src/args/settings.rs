//! Reading a list of options.

use proc_macro2::Ident;
use syn::ext::IdentExt;

use super::{
    given::{Given, Refused},
    keys::{HOMES, PHOENIX_NAMES, SAID_OTHERWISE},
    kind::{Keys, Kind},
    list::{Argument, arguments, options},
    rate::{RATE_KEY, rate},
    value::{Setting, Value},
};
use crate::diag::{Errors, all_of, nearest, one_of};

/// Reads the options of `owner` from a list in which every entry should be one.
pub(crate) fn settings(
    owner: &str,
    keys: Keys,
    list: &[Argument],
    errors: &Errors,
) -> Vec<Setting> {
    let mut found: Vec<Setting> = Vec::new();
    let mut seen: Vec<&Ident> = Vec::new();
    for argument in list {
        let (Argument::Word(key) | Argument::Setting(key, _) | Argument::Group(key, _)) = argument
        else {
            let message = format!("expected an option of `{owner}`: {}", one_of(names(keys)));
            errors.span(argument.span(), message);
            continue;
        };
        let name = key.unraw().to_string();
        let Some((_, kind)) = keys.iter().find(|(known, _)| *known == name) else {
            errors.at(key, unknown(owner, keys, &name));
            continue;
        };
        if let Some(first) = seen.iter().find(|seen| **seen == key) {
            errors.at(key, format!("`{key}` is set twice"));
            errors.at(first, format!("`{key}` is first set here"));
            continue;
        }
        seen.push(key);
        if let Some(value) = read(*kind, key, argument, errors) {
            found.push(Setting { key: key.clone(), value });
        }
    }
    found
}

/// Reads the value of one option; a mistake is reported where it is.
fn read(kind: Kind, key: &Ident, argument: &Argument, errors: &Errors) -> Option<Value> {
    let place = argument.value_span();
    let value = match (kind, Given::of(argument)) {
        (Kind::Drainer(_), Given::Flag(false)) => Ok(Value::Drainer(None)),
        (Kind::Drainer(keys), Given::List(tokens)) => {
            let list = arguments(tokens.clone(), options, errors);
            Ok(Value::Drainer(Some(settings("drainer", keys, &list, errors))))
        }
        (Kind::Rate(keys), Given::List(tokens)) => {
            let list = arguments(tokens.clone(), options, errors);
            rate(settings(RATE_KEY, keys, &list, errors), &list, place, errors)
        }
        (_, given) => kind.read(key, &given, place, errors),
    };
    let (span, message) = match value {
        Ok(value) => return Some(value),
        Err(Refused::Kind) => (place, kind.usage(key)),
        Err(Refused::Entry(span)) => (span, kind.usage(key)),
        Err(Refused::Value(message)) => (place, message),
        Err(Refused::Reported) => return None,
    };
    errors.span(span, message);
    None
}

fn names(keys: Keys) -> impl Iterator<Item = &'static str> {
    keys.iter().map(|(name, _)| *name)
}

fn unknown(owner: &str, keys: Keys, name: &str) -> String {
    if let Some((_, here)) = PHOENIX_NAMES.iter().find(|(phoenix, _)| *phoenix == name)
        && names(keys).any(|key| key == *here)
    {
        return format!("Phoenix's `{name}` is `{here}` here");
    }
    let homes: Vec<_> = HOMES
        .iter()
        .filter(|(_, keys)| names(keys).any(|key| key == name))
        .map(|(home, _)| *home)
        .collect();
    let said = SAID_OTHERWISE.iter().find(|(known, _)| *known == name);
    if let Some((_, here)) = said.filter(|_| homes.is_empty()) {
        return (*here).to_owned();
    }
    if owner == "channel" && ["websocket", "longpoll"].contains(&name) {
        return format!("`{name}` belongs to the socket: `#[socket(\"/socket\", {name})]`");
    }
    if !homes.is_empty() {
        return format!("`{name}` is an option of {}, not of `{owner}`", one_of(homes));
    }
    let hint = match nearest(name, names(keys)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", all_of(names(keys))),
    };
    format!("unknown option `{name}` of `{owner}`; {hint}")
}
