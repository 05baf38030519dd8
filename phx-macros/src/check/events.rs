//! Rules about which events and messages go where.

use std::collections::HashMap;

use proc_macro2::Span;
use quote::ToTokens;

use crate::{
    args::Events,
    diag::Errors,
    marks::{Home, Role},
    model::{Callback, Common},
};

pub(super) fn check(common: &Common, errors: &Errors) {
    for role in [Role::HandleIn, Role::HandleOut] {
        each_event_has_one_handler(common, role, errors);
    }
    intercepted_events_are_named(common, errors);
    each_message_has_one_handler(common, errors);
    rates_belong_to_channels(common, errors);
}

/// An event at the place where a handler names it; `_` is an event here.
struct Named<'a> {
    event: String,
    span: Span,
    by: &'a Callback,
}

fn names(callback: &Callback) -> Vec<Named<'_>> {
    match &callback.events {
        Some(Events::Named(names)) => names
            .iter()
            .map(|name| Named { event: quoted(&name.value()), span: name.span(), by: callback })
            .collect(),
        Some(Events::Rest(span)) => {
            vec![Named { event: "`_`".to_owned(), span: *span, by: callback }]
        }
        None => Vec::new(),
    }
}

fn quoted(event: &str) -> String {
    format!("\"{event}\"")
}

// Where `cfg` picks between two handlers, the compiler's own check for unreachable arms decides.
fn each_event_has_one_handler(common: &Common, role: Role, errors: &Errors) {
    let mut seen: HashMap<String, Named<'_>> = HashMap::new();
    for named in common.callbacks(role).flat_map(names) {
        match seen.get(&named.event) {
            None => drop(seen.insert(named.event.clone(), named)),
            Some(first) if std::ptr::eq(first.by, named.by) => {
                errors.span(named.span, format!("event {} is listed twice", named.event));
            }
            Some(first) if first.by.cfgs.is_empty() && named.by.cfgs.is_empty() => {
                second_handler(role, first, &named, errors);
            }
            Some(_) => {}
        }
    }
}

fn second_handler(role: Role, first: &Named<'_>, second: &Named<'_>, errors: &Errors) {
    let (name, event) = (first.by.name(), &second.event);
    let message = match (role, &second.by.events) {
        (_, Some(Events::Rest(_))) => {
            format!("`{name}` already takes every event without a handler")
        }
        (Role::HandleOut, _) => format!("event {event} is already intercepted by `{name}`"),
        _ => format!(
            "event {event} already has a handler, `{name}`; to tell payloads apart, take an enum"
        ),
    };
    errors.span(second.span, message);
    let verb = if role == Role::HandleOut { "intercepted" } else { "handled" };
    errors.span(first.span, format!("{event} is first {verb} here"));
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

fn rates_belong_to_channels(common: &Common, errors: &Errors) {
    if common.home == Home::Channel {
        return;
    }
    for rate in common.callbacks(Role::HandleIn).filter_map(|callback| callback.rate.as_ref()) {
        let message = "a socket limits its messages as a whole: \
                       `#[socket(\"/path\", max_rate(per_second = 50))]`";
        errors.at(&rate.key, message);
    }
}

// The type of a message selects its handler.
fn each_message_has_one_handler(common: &Common, errors: &Errors) {
    let mut seen: HashMap<String, &Callback> = HashMap::new();
    let all = common.callbacks(Role::HandleInfo).chain(common.callbacks(Role::RawInfo));
    for callback in all {
        let Some(message) = callback.subject() else { continue };
        let text = message.ty.to_token_stream().to_string();
        match seen.get(&text) {
            None => drop(seen.insert(text, callback)),
            Some(first) if first.cfgs.is_empty() && callback.cfgs.is_empty() => {
                let name = first.name();
                errors.at(&message.ty, format!("messages of this type already go to `{name}`"));
                errors.at(name, "they are first handled here");
            }
            Some(_) => {}
        }
    }
}
