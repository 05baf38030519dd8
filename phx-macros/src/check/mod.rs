//! The rules of the language, one function each.

mod copies;
mod events;
mod generics;
mod notation;
mod payloads;
mod raw;
mod routes;
mod scenario;
mod sends;
mod signature;

pub(crate) use self::scenario::scenario;
use crate::{
    diag::{Errors, all_of, nearest},
    marks::{Home, Role},
    model::{ArgumentRole, Callback, Channel, Common, Socket},
    pattern::Pattern,
};

pub(crate) fn channel(channel: &Channel, errors: &Errors) {
    let Channel { args, common, .. } = channel;
    generics::check(common, errors);
    sends::check(args, errors);
    let is_foreign = notation::in_channel(&args.patterns, common.callbacks(Role::Join), errors);
    patterns_name_the_same_parameters(&args.patterns, errors);
    no_pattern_hides_a_later_one(&args.patterns, errors);
    has_its_constructor(common, errors);
    at_most_one(common, Role::Terminate, errors);
    events::check(common, errors);
    signatures(common, |_| true, errors);
    for join in common.callbacks(Role::Join) {
        takes_every_topic_parameter(join, &args.patterns, errors);
        if !is_foreign {
            payloads::is_no_parameter(join, &args.patterns, errors);
        }
    }
}

pub(crate) fn socket(socket: &Socket, errors: &Errors) {
    let Socket { common, .. } = socket;
    generics::check(common, errors);
    notation::in_routes(socket, errors);
    routes::check(socket, errors);
    has_its_constructor(common, errors);
    raw::check(socket, errors);
    for role in [Role::Id, Role::RawInit, Role::RawControl, Role::RawTerminate] {
        at_most_one(common, role, errors);
    }
    events::check(common, errors);
    // What stands in the wrong place may be right in the other.
    let is_raw = socket.is_raw();
    signatures(common, |callback| is_raw || !callback.role.is_raw(), errors);
}

fn signatures(common: &Common, judged: impl Fn(&Callback) -> bool, errors: &Errors) {
    let state = common.state_name();
    for callback in common.callbacks.iter().filter(|callback| judged(callback)) {
        signature::check(callback, &state, errors);
        payloads::check(callback, errors);
        copies::check(callback, errors);
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
    if common.has_constructor() || common.is_typing {
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
    let elsewhere = if common.callbacks.is_empty() || common.is_module {
        ""
    } else {
        "; if it stands in another block, these functions belong there"
    };
    let message = format!("no `#[{name}]` function: it decides who may {who}{elsewhere}");
    errors.at(&common.title, message);
}

fn at_most_one(common: &Common, role: Role, errors: &Errors) {
    let mut all = common.callbacks(role);
    let Some(first) = all.next() else { return };
    for second in all.filter(|second| first.cfgs.is_empty() || second.cfgs.is_empty()) {
        errors.at(&second.sig.ident, format!("a second `#[{}]`", role.name()));
        errors.at(&first.sig.ident, format!("the first `#[{}]` is here", role.name()));
    }
}

fn takes_every_topic_parameter(join: &Callback, patterns: &[Pattern], errors: &Errors) {
    let Some(pattern) = patterns.first() else {
        return;
    };
    for name in &pattern.names {
        let role = ArgumentRole::Parameter(name.clone());
        if join.arguments.iter().any(|argument| argument.role == role) {
            continue;
        }
        let spare: Vec<_> = join.arguments.iter().map(|it| it.local.to_string()).collect();
        let near = nearest(name, spare.iter().map(String::as_str));
        let hint = near.map(|near| format!("; is that `{near}`?")).unwrap_or_default();
        let message = format!(
            "\"{}\" has a topic parameter `{name}`: expected an argument of this name here{hint}",
            pattern.text
        );
        errors.span(join.parentheses(), message);
    }
}
