//! The rules of the language, one function each.

mod signature;

use std::collections::HashMap;

use proc_macro2::{Ident, Span};
use quote::ToTokens;

use crate::{
    args::Events,
    diag::{Errors, all_of},
    marks::{Home, Role},
    model::{ArgumentRole, Callback, Channel, Common, Socket},
    pattern::Pattern,
};

pub(crate) fn channel(channel: &Channel, errors: &Errors) {
    let Channel { args, common, .. } = channel;
    patterns_name_the_same_parameters(&args.patterns, errors);
    no_pattern_hides_a_later_one(&args.patterns, errors);
    has_its_constructor(common, errors);
    at_most_one(common, Role::Terminate, errors);
    each_event_has_one_handler(common, Role::HandleIn, errors);
    each_event_has_one_handler(common, Role::HandleOut, errors);
    intercepted_events_are_named(common, errors);
    each_message_has_one_handler(common, errors);
    for callback in &common.callbacks {
        signature::check(callback, common.is_module, errors);
    }
    for join in common.callbacks(Role::Join) {
        takes_every_topic_parameter(join, &args.patterns, errors);
    }
}

pub(crate) fn socket(socket: &Socket, errors: &Errors) {
    let Socket { common, .. } = socket;
    has_its_constructor(common, errors);
    at_most_one(common, Role::Id, errors);
    for callback in &common.callbacks {
        signature::check(callback, common.is_module, errors);
    }
}

// The arguments of `#[join]` are bound by name, whichever of the patterns matched.
fn patterns_name_the_same_parameters(patterns: &[Pattern], errors: &Errors) {
    let sorted = |pattern: &Pattern| {
        let mut names = pattern.names.clone();
        names.sort();
        names
    };
    let Some((first, rest)) = patterns.split_first() else {
        return;
    };
    for other in rest.iter().filter(|other| sorted(other) != sorted(first)) {
        errors.span(
            other.span(),
            format!(
                "every pattern of a channel names the same topic parameters, here {}",
                all_of(first.names.iter().map(String::as_str))
            ),
        );
    }
}

fn no_pattern_hides_a_later_one(patterns: &[Pattern], errors: &Errors) {
    for (index, later) in patterns.iter().enumerate() {
        if let Some(first) = patterns[..index].iter().find(|first| first.hides(later)) {
            let message = if first.text == later.text {
                format!("topic pattern \"{}\" is listed twice", later.text)
            } else {
                format!("\"{}\" already serves all of \"{}\"", first.text, later.text)
            };
            errors.span(later.span(), message);
        }
    }
}

// `#[connect]` and `#[join]` make the state; two are fine where `cfg` picks one of them.
fn has_its_constructor(common: &Common, errors: &Errors) {
    let role = common.home.constructor();
    let name = role.name();
    at_most_one(common, role, errors);
    if common.callbacks(role).next().is_some() {
        return;
    }
    if let Some(function) = common.unmarked.iter().find(|function| *function == name) {
        let message = format!(
            "mark this function with `#[{name}]`: callbacks are recognised by attribute, not by name"
        );
        return errors.at(function, message);
    }
    let who = match common.home {
        Home::Socket => "connect and returns the connection's state",
        Home::Channel => "join and returns the channel's state",
    };
    errors.at(&common.title, format!("no `#[{name}]` function: it decides who may {who}"));
}

fn at_most_one(common: &Common, role: Role, errors: &Errors) {
    let mut all = common.callbacks(role);
    let Some(first) = all.next() else { return };
    for second in all.filter(|second| first.cfgs.is_empty() || second.cfgs.is_empty()) {
        errors.at(&second.sig.ident, format!("a second `#[{}]`", role.name()));
        errors.at(&first.sig.ident, format!("the first `#[{}]` is here", role.name()));
    }
}

// Where `cfg` picks between two handlers, the compiler's own check for unreachable arms decides.
fn each_event_has_one_handler(common: &Common, role: Role, errors: &Errors) {
    let mut seen: HashMap<String, (Span, &Callback)> = HashMap::new();
    for callback in common.callbacks(role) {
        for (event, span) in events(callback) {
            let Some((first_span, first)) = seen.get(&event) else {
                seen.insert(event, (span, callback));
                continue;
            };
            let same_function = std::ptr::eq(*first, callback);
            if same_function || (first.cfgs.is_empty() && callback.cfgs.is_empty()) {
                duplicate_event(
                    role,
                    &event,
                    span,
                    *first_span,
                    (!same_function).then_some(first),
                    errors,
                );
            }
        }
    }
}

fn duplicate_event(
    role: Role,
    event: &str,
    span: Span,
    first_span: Span,
    first: Option<&Callback>,
    errors: &Errors,
) {
    let Some(first) = first else {
        return errors.span(span, format!("event \"{event}\" is listed twice"));
    };
    let name = &first.sig.ident;
    let message = match (role, event) {
        (_, "_") => format!("`{name}` already takes every event without a handler"),
        (Role::HandleIn, _) => format!(
            "event \"{event}\" already has a handler, `{name}`; to tell payloads apart, take an enum"
        ),
        _ => format!("event \"{event}\" is already intercepted by `{name}`"),
    };
    errors.span(span, message);
    let (event, verb) = match (role, event) {
        (_, "_") => ("`_`".to_owned(), "handled"),
        (Role::HandleIn, _) => (format!("\"{event}\""), "handled"),
        _ => (format!("\"{event}\""), "intercepted"),
    };
    errors.span(first_span, format!("{event} is first {verb} here"));
}

fn events(callback: &Callback) -> Vec<(String, Span)> {
    match &callback.events {
        Some(Events::Named(names)) => {
            names.iter().map(|name| (name.value(), name.span())).collect()
        }
        Some(Events::Rest(span)) => vec![("_".to_owned(), *span)],
        None => Vec::new(),
    }
}

// Broadcasts go straight to the client unless their event is intercepted, which has to be known
// before there is a message.
fn intercepted_events_are_named(common: &Common, errors: &Errors) {
    for callback in common.callbacks(Role::HandleOut) {
        if let Some(Events::Rest(span)) = callback.events {
            errors.span(
                span,
                "`#[handle_out]` names the events that it intercepts: `#[handle_out(\"new_msg\")]`",
            );
        }
    }
}

// The type of a message selects its handler.
fn each_message_has_one_handler(common: &Common, errors: &Errors) {
    let mut seen: HashMap<String, &Callback> = HashMap::new();
    for callback in common.callbacks(Role::HandleInfo) {
        let Some(message) = callback.subject() else {
            continue;
        };
        let text = message.ty.to_token_stream().to_string();
        match seen.get(&text) {
            Some(first) if first.cfgs.is_empty() && callback.cfgs.is_empty() => {
                let name = &first.sig.ident;
                errors.at(&message.ty, format!("messages of this type already go to `{name}`"));
                errors.at(name, "they are first handled here");
            }
            Some(_) => {}
            None => drop(seen.insert(text, callback)),
        }
    }
}

// A placeholder without an argument is a mistake at both ends.
fn takes_every_topic_parameter(join: &Callback, patterns: &[Pattern], errors: &Errors) {
    let Some(pattern) = patterns.first() else {
        return;
    };
    for name in &pattern.names {
        let role = ArgumentRole::Parameter(name.clone());
        if join.arguments.iter().any(|argument| argument.role == role) {
            continue;
        }
        let spare = join.arguments.iter().map(|argument| argument.local.to_string());
        let hint = match crate::diag::nearest(
            name,
            spare.collect::<Vec<_>>().iter().map(String::as_str),
        ) {
            Some(near) => format!("; is that `{near}`?"),
            None => String::new(),
        };
        errors.span(pattern.span(), format!("topic parameter `{name}` is not used"));
        errors.span(join.parentheses(), format!("expected an argument named `{name}` here{hint}"));
    }
}

impl Callback {
    /// The argument that takes what arrived.
    pub(crate) fn subject(&self) -> Option<&crate::model::Argument> {
        self.arguments.iter().find(|argument| argument.role == ArgumentRole::Subject)
    }

    fn parentheses(&self) -> Span {
        self.sig.paren_token.span.join()
    }

    fn name(&self) -> &Ident {
        &self.sig.ident
    }
}
