//! `#[handle_in("typing_start", "typing_stop")]`, `#[handle_in(_)]`.

use proc_macro2::{Ident, Span};
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta};

use super::{
    keys::HANDLER,
    list::{Argument, arguments, is_constant, list_of, strings},
    rate::RATE_KEY,
    settings::settings,
    value::Setting,
};
use crate::{diag::Errors, syntax::is_spelt_as_type};

/// Which events a handler takes.
pub(crate) enum Events {
    Named(Vec<LitStr>),
    /// `_`: every event that no other handler takes.
    Rest(Span),
}

impl Events {
    /// Reads the argument of `attr`, whose last path segment is `mark`.
    pub(crate) fn read(attr: &Attribute, mark: &Ident, errors: &Errors) -> Option<Self> {
        if let Meta::List(list) = &attr.meta
            && ["*", "..", "...", "\"_\"", "\"..\""].contains(&list.tokens.to_string().as_str())
            && mark == "handle_in"
        {
            let message = "every event without a handler of its own is `#[handle_in(_)]`";
            errors.at(&list.tokens, message);
            return None;
        }
        let list = match &attr.meta {
            Meta::List(list) => arguments(list.tokens.clone(), |texts| usage(mark, texts), errors),
            Meta::Path(_) => Vec::new(),
            Meta::NameValue(_) => {
                errors
                    .at(attr, format!("write the event in parentheses: `#[{mark}(\"new_msg\")]`"));
                return None;
            }
        };
        let empty = match &attr.meta {
            Meta::List(list) => list.tokens.is_empty(),
            _ => true,
        };
        if empty {
            errors.at(attr, format!("expected an event name: `#[{mark}(\"new_msg\")]`"));
            return None;
        }
        if let [Argument::Word(rest)] = &list[..]
            && rest == "_"
        {
            return Some(Self::Rest(rest.span()));
        }
        if list.iter().all(|argument| is_rate(argument, mark)) && !list.is_empty() {
            let example = format!("`#[{mark}(\"new_msg\", max_rate(..))]`");
            errors.at(attr, format!("expected an event name: {example}"));
            return None;
        }
        let mut names = Vec::new();
        for argument in &list {
            match argument {
                Argument::Text(name) => {
                    event(name, mark, errors);
                    names.push(name.clone());
                }
                Argument::Word(rest) if rest == "_" => {
                    errors.at(rest, "`_` takes every event without a handler: it stands alone");
                }
                Argument::Word(name) if is_constant(name) => errors.at(name, usage(mark, &[])),
                Argument::Word(name)
                    if !names.is_empty() && is_spelt_as_type(&name.to_string()) =>
                {
                    let message = format!(
                        "what arrives has the type of the first argument without `&`: `payload: {name}`"
                    );
                    errors.at(name, message);
                }
                Argument::Word(name) => {
                    let text = snake_case(&name.to_string());
                    errors.at(name, format!("an event name is a string: `\"{text}\"`"));
                }
                // Read by itself.
                other if is_rate(other, mark) => {}
                Argument::Setting(key, _) | Argument::Group(key, _)
                    if !NAMES.iter().any(|name| key == name) =>
                {
                    errors.at(key, no_option(mark, key));
                }
                other => {
                    let message =
                        format!("an event is a string alone: `#[{mark}({})]`", meant(other));
                    errors.span(other.span(), message);
                }
            }
        }
        (!names.is_empty()).then_some(Self::Named(names))
    }
}

/// What the attributes of other frameworks call the name of an event.
const NAMES: &[&str] = &["event", "events", "name", "names", "on"];

fn no_option(mark: &Ident, key: &Ident) -> String {
    let name = key.to_string();
    match name.as_str() {
        "reply" => {
            format!(
                "`#[{mark}(..)]` says nothing of replies: what the function returns is the reply"
            )
        }
        "topic" | "channel" | "room" => {
            format!(
                "the topic is the channel's, `#[channel(\"room:*\")]`: `#[{mark}(..)]` names events"
            )
        }
        "rate_limit" | "rate" | "throttle" | "limit" if mark == "handle_in" => {
            "messages are limited by `max_rate(per_second = 2, burst = 5)`".to_owned()
        }
        _ if mark == "handle_in" => {
            format!("there is no `{name}` here: `#[handle_in(..)]` takes events and `max_rate(..)`")
        }
        _ => format!("there is no `{name}` here: `#[{mark}(..)]` takes events"),
    }
}

/// `new_msg` for `NewMsg`.
fn snake_case(word: &str) -> String {
    let mut text = String::new();
    for letter in word.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

/// Whether an entry beside a handler's events is its rate.
fn is_rate(argument: &Argument, mark: &Ident) -> bool {
    mark == "handle_in" && argument.is_key(RATE_KEY)
}

/// The rate of `#[handle_in("new_msg", max_rate(per_second = 2))]`, under which its events have one.
pub(crate) fn handler_rate(attr: &Attribute, mark: &Ident, errors: &Errors) -> Option<Setting> {
    let Meta::List(list) = &attr.meta else { return None };
    // Whatever else is wrong with it is told where the events are read.
    let told_elsewhere = Errors::new();
    let mut list = arguments(list.tokens.clone(), |_| String::new(), &told_elsewhere);
    told_elsewhere.finish();
    list.retain(|argument| is_rate(argument, mark));
    settings("handle_in", HANDLER, &list, errors).pop()
}

fn usage(mark: &Ident, texts: &[LitStr]) -> String {
    match texts {
        [] => format!(
            "an event is written as a string, `#[{mark}(\"new_msg\")]`: an attribute cannot look \
             into constants and macros"
        ),
        [_] => format!("an event is a string alone: `#[{mark}({})]`", list_of(texts)),
        _ => format!("commas separate several events: `#[{mark}({})]`", list_of(texts)),
    }
}

/// The event that an entry of another kind was meant to name.
fn meant(argument: &Argument) -> String {
    match argument {
        Argument::Setting(_, Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => {
            list_of(std::slice::from_ref(text))
        }
        Argument::Group(_, tokens) if !strings(tokens.clone()).is_empty() => {
            list_of(&strings(tokens.clone()))
        }
        Argument::Other(Lit::Char(c)) => format!("{:?}", c.value().to_string()),
        Argument::Other(Lit::Int(number)) => format!("\"{number}\""),
        _ => "\"new_msg\"".to_owned(),
    }
}

pub(super) fn event(name: &LitStr, mark: &Ident, errors: &Errors) {
    let text = name.value();
    if text.is_empty() {
        errors.at(name, "an event name cannot be empty");
    } else if text.starts_with("phx_") {
        let verb = if mark == "handle_in" { "answers" } else { "sends" };
        errors.at(name, format!("\"{text}\" is a protocol event; the runtime {verb} it"));
    } else if text == "*" && mark == "handle_in" {
        errors.at(name, "every event without a handler of its own is `#[handle_in(_)]`");
    } else if text.contains(':') && text.contains(['*', '{']) {
        let message = format!(
            "topics are the channel's, `#[channel({})]`: here is the event alone",
            name.token()
        );
        errors.at(name, message);
    } else if text.contains(['*', '{']) {
        errors.at(
            name,
            "an event is matched as it is written: `*` and `{..}` stand for nothing here",
        );
    } else if text.trim() != text {
        let message =
            format!("an event is matched as it is written, spaces and all: \"{}\"", text.trim());
        errors.at(name, message);
    }
}
