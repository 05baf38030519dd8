//! Which options there are, and reading a list of them.

use proc_macro2::Ident;
use syn::ext::IdentExt;

use super::{
    list::Argument,
    values::{Kind, Value},
};
use crate::diag::{Errors, nearest, one_of};

/// An option with a checked value. Its name is the builder's method.
pub(crate) struct Setting {
    pub(crate) key: Ident,
    pub(crate) value: Value,
}

type Keys = &'static [(&'static str, Kind)];

pub(crate) const SOCKET: Keys = &[
    ("auth_token", Kind::Flag),
    ("max_channels", Kind::Count),
    ("max_queue", Kind::Size),
    ("log", Kind::Level),
    ("drainer", Kind::Drainer),
    ("filter_parameters", Kind::Filter),
];

pub(crate) const WEBSOCKET: Keys = &[
    ("path", Kind::Path),
    ("timeout", Kind::Timeout),
    ("max_frame_size", Kind::Size),
    ("max_backlog", Kind::Size),
    ("compress", Kind::Flag),
    ("subprotocols", Kind::Subprotocols),
    ("error_handler", Kind::Function),
    ("check_origin", Kind::Origin),
    ("check_csrf", Kind::Flag),
    ("serializers", Kind::Serializers),
    ("transport_log", Kind::Level),
];

pub(crate) const LONGPOLL: Keys = &[
    ("path", Kind::Path),
    ("window", Kind::Duration),
    ("max_body_size", Kind::Size),
    ("max_backlog", Kind::Size),
    ("token_max_age", Kind::Duration),
    ("check_origin", Kind::Origin),
    ("check_csrf", Kind::Flag),
    ("serializers", Kind::Serializers),
    ("transport_log", Kind::Level),
];

pub(crate) const CHANNEL: Keys = &[
    ("log_join", Kind::Level),
    ("log_handle_in", Kind::Level),
    ("filter_parameters", Kind::Filter),
];

pub(crate) const DRAINER: Keys = &[
    ("batch_size", Kind::Count),
    ("batch_interval", Kind::Pause),
    ("shutdown", Kind::Duration),
    ("log", Kind::Level),
];

/// Where each option belongs, to say so when it stands elsewhere.
const HOMES: &[(&str, Keys)] = &[
    ("socket", SOCKET),
    ("websocket", WEBSOCKET),
    ("longpoll", LONGPOLL),
    ("channel", CHANNEL),
    ("drainer", DRAINER),
];

/// What Phoenix calls the options that have another name here.
const PHOENIX_NAMES: &[(&str, &str)] = &[
    ("window_ms", "window"),
    ("max_channels_per_transport", "max_channels"),
    ("max_age", "token_max_age"),
    ("serializer", "serializers"),
    ("batch_interval_ms", "batch_interval"),
];

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
        if let Some(value) = kind.read(key, argument, errors) {
            found.push(Setting { key: key.clone(), value });
        }
    }
    found
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
    if name == "channels" {
        return "the routing table is an attribute of its own: `#[channels(RoomChannel)]` below \
                `#[socket(..)]`"
            .to_owned();
    }
    if !homes.is_empty() {
        return format!("`{name}` is an option of {}, not of `{owner}`", one_of(homes));
    }
    let hint = match nearest(name, names(keys)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", crate::diag::all_of(names(keys))),
    };
    format!("unknown option `{name}` of `{owner}`; {hint}")
}
