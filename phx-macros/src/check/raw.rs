//! Rules about sockets without channels, which handle their clients' messages themselves.

use quote::ToTokens;
use syn::{Meta, Type};

use crate::{
    args::Setting,
    diag::Errors,
    marks::Role,
    model::{Callback, Socket},
    syntax::{argument_of, last_segment, reference, spelled, unwrapped},
};

pub(super) fn check(socket: &Socket, errors: &Errors) {
    let raw = socket.common.callbacks.iter().filter(|callback| callback.role.is_raw());
    let Some(first) = raw.clone().next() else { return };
    if !socket.is_raw() {
        return beside_channels(first, errors);
    }
    let handlers = socket.common.callbacks(Role::RawIn);
    if let Some(named) = handlers.clone().find_map(arguments) {
        let message = "a socket without channels knows no events: write `#[handle_in]` for all messages of a kind, or \
                       put the function into a channel, below `#[channel(\"room:*\")]`";
        return errors.at(named, message);
    }
    each_kind_has_one_handler(handlers, errors);
    for setting in &socket.args.settings {
        has_a_meaning(setting, errors);
    }
}

fn beside_channels(first: &Callback, errors: &Errors) {
    let name = first.role.name();
    let message = match first.role {
        Role::RawInit | Role::RawControl => format!(
            "`#[{name}]` is for sockets without channels, and this one has `#[channels(..)]`"
        ),
        _ => format!(
            "`#[{name}]` belongs in one of the channels that `#[channels(..)]` lists: only a socket without \
             them handles its messages itself"
        ),
    };
    errors.at(&first.attr, message);
}

/// What stands in the parentheses of the mark, or the mark where that says nothing.
fn arguments(callback: &Callback) -> Option<proc_macro2::TokenStream> {
    match &callback.attr.meta {
        Meta::Path(_) => None,
        Meta::List(list) if !list.tokens.is_empty() => Some(list.tokens.clone()),
        _ => Some(callback.attr.to_token_stream()),
    }
}

/// What a handler takes, as far as its type's name tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
    Both,
}

fn kind(ty: &Type) -> Option<Kind> {
    let ty = reference(ty).map_or(ty, |borrowed| &borrowed.elem);
    if argument_of("Vec", ty).is_some() || matches!(unwrapped(ty), Type::Slice(_)) {
        return Some(Kind::Binary);
    }
    let Type::Path(path) = unwrapped(ty) else { return None };
    match last_segment(&path.path)?.to_string().as_str() {
        "str" | "String" | "Text" => Some(Kind::Text),
        "Bytes" | "Binary" => Some(Kind::Binary),
        "Frame" => Some(Kind::Both),
        _ => None,
    }
}

// What has another name is judged by the compiler, in generated code.
fn each_kind_has_one_handler<'a>(handlers: impl Iterator<Item = &'a Callback>, errors: &Errors) {
    let mut seen: Vec<(&Callback, Kind)> = Vec::new();
    for handler in handlers {
        let Some(message) = handler.subject() else { continue };
        let Some(kind) = kind(&message.ty) else { continue };
        let meets = |(first, other): &&(&Callback, Kind)| {
            let both = *other == kind || *other == Kind::Both || kind == Kind::Both;
            both && (first.cfgs.is_empty() || handler.cfgs.is_empty())
        };
        if let Some((first, other)) = seen.iter().find(meets) {
            let what = match (kind, other) {
                (Kind::Text, _) | (_, Kind::Text) => "text",
                (Kind::Binary, _) | (_, Kind::Binary) => "binary messages",
                _ => "every message",
            };
            let (name, place) = (first.name(), &message.ty);
            let ty = spelled(place);
            let verb = if what == "binary messages" { "go" } else { "goes" };
            let message = format!(
                "{what} already {verb} to `{name}`, so `{ty}` has nothing left to take: tell messages apart in one \
                 function"
            );
            return errors.at(place, message);
        }
        seen.push((handler, kind));
    }
}

fn has_a_meaning(setting: &Setting, errors: &Errors) {
    let key = setting.key.to_string();
    if ["max_channels", "max_queue"].contains(&key.as_str()) {
        let message = format!(
            "`{key}` is for sockets with channels, and this one handles its messages itself: leave it out"
        );
        errors.at(&setting.key, message);
    }
}
