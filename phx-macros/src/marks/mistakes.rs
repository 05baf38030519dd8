//! What was meant as a mark, or stands where no mark can.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{Attribute, Meta};

use super::{
    role::{Home, ROLES, is_mark},
    strip::strip,
};
use crate::{
    diag::{Errors, nearest},
    item::{Item, Member},
    syntax::{is, last_segment, take},
};

/// Reports `#[socket]` and `#[channel]` below another of them, and takes them off: the functions
/// are the first one's.
pub(crate) fn second_macro(item: &mut Item, home: Home, errors: &Errors) {
    for attr in take(&mut item.attrs, "channel") {
        errors.at(
            &attr,
            match home {
                Home::Channel => {
                    "a channel has one `#[channel(..)]`: list its patterns, \
                     `#[channel(\"room:*\", \"lobby\")]`"
                }
                Home::Socket if !has_text(&attr) => {
                    "a socket lists its channels with `#[channels(..)]`"
                }
                Home::Socket => {
                    "this is a socket already: write the channel as an item of its own and list it, \
                     `#[channels(RoomChannel)]`"
                }
            },
        );
    }
    for attr in take(&mut item.attrs, "socket") {
        errors.at(
            attr,
            match home {
                Home::Channel => {
                    "this is a channel already: write the socket as an item of its own"
                }
                Home::Socket => {
                    "a socket has one `#[socket(..)]`: serve it under a second path with \
                     `.socket_at(..)` of the endpoint"
                }
            },
        );
    }
}

/// Whether there is a string in an attribute.
fn has_text(attr: &Attribute) -> bool {
    let Meta::List(list) = &attr.meta else { return false };
    list.tokens.clone().into_iter().any(|tree| matches!(tree, TokenTree::Literal(_)))
}

/// What others call what a module's state is marked with.
const STATES: &[&str] = &["state", "assign", "data", "channel_state", "socket_state"];

/// Reports what was meant as `#[assigns]`, and takes it off; returns whether there is one.
pub(crate) fn misspelt_state(item: &mut Item, errors: &Errors) -> bool {
    let mut found = false;
    for member in &mut item.members {
        let Member::Other(other) = member else { continue };
        if other.declared_type().is_none() {
            continue;
        }
        other.attrs.retain(|attr| {
            let Some(name) = attr.path().get_ident().map(ToString::to_string) else { return true };
            let meant = STATES.contains(&name.as_str()) || nearest(&name, ["assigns"]).is_some();
            if meant {
                errors.at(attr.path(), format!("there is no `#[{name}]`: write `#[assigns]`"));
            }
            found |= meant;
            !meant
        });
    }
    found
}

/// Reports `#[assigns]` inside of `cfg_attr`; returns whether there is one.
pub(crate) fn conditional_state(item: &mut Item, errors: &Errors) -> bool {
    let mut found = false;
    for member in &mut item.members {
        let Member::Other(other) = member else {
            continue;
        };
        other.attrs.retain(|attr| {
            let hides = held(attr, |name| name == "assigns").is_some();
            if hides {
                errors.at(
                    attr,
                    "`cfg_attr` cannot hold `#[assigns]`: it is not evaluated before the attribute \
                     around it; write `#[assigns]` plainly",
                );
            }
            found |= hides;
            !hides
        });
    }
    found
}

/// Reports marks on members that are no functions; returns whether one of them is a function that
/// is still being typed, which is the compiler's to report.
pub(crate) fn on_other_members(item: &mut Item, errors: &Errors) -> bool {
    let mut typing = false;
    for member in &mut item.members {
        let Member::Other(other) = member else {
            continue;
        };
        let is_item = other.is_item();
        other.attrs.retain(|attr| {
            let Some(name) = last_segment(attr.path()) else {
                return true;
            };
            if is_item {
                let ours = ["handle_in", "handle_out", "handle_info", "handle_control"];
                let ours = ours.iter().any(|known| name == known);
                if ours {
                    errors.at(attr, format!("`#[{name}]` goes on a function"));
                }
                return !ours;
            }
            let mark = is_mark(name);
            typing |= mark;
            !mark
        });
    }
    typing
}

/// Reports marks in an `impl` block inside of a module, and takes them off; returns whether there are some.
pub(crate) fn in_impl_of_module(item: &mut Item, errors: &Errors) -> bool {
    if !item.is_module() {
        return false;
    }
    let mut found = false;
    for member in &mut item.members {
        let Member::Other(other) = member else { continue };
        let is_impl = matches!(other.tokens.clone().into_iter().next(),
            Some(TokenTree::Ident(word)) if word == "impl");
        let has_macro = other.attrs.iter().any(|attr| is(attr, "channel") || is(attr, "socket"));
        if !is_impl || has_macro {
            continue;
        }
        if let Some(mark) = first_mark(other.tokens.clone()) {
            let message = format!(
                "in a module the callbacks stand beside the `#[assigns]` type: write `#[{mark}]` on a function \
                 outside of the `impl` block"
            );
            errors.at(mark, message);
            other.tokens = strip(other.tokens.clone());
            found = true;
        }
    }
    found
}

/// The first mark on something inside of these tokens.
fn first_mark(tokens: TokenStream) -> Option<Ident> {
    let mut hash = false;
    for tree in tokens {
        if let TokenTree::Group(group) = &tree {
            let found = match group.stream().into_iter().next() {
                Some(TokenTree::Ident(name)) if hash && is_mark(&name) => Some(name),
                _ => first_mark(group.stream()),
            };
            if found.is_some() {
                return found;
            }
        }
        hash = matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == '#');
    }
    None
}

/// Reports an attribute of a function that is no mark and was meant to be one; returns whether it
/// was.
pub(super) fn meant_as_mark(attr: &Attribute, home: Home, errors: &Errors) -> bool {
    misplaced(attr, errors) || conditional(attr, errors) || misspelt(attr, home, errors)
}

/// `#[channels]` or `#[assigns]` on a function.
fn misplaced(attr: &Attribute, errors: &Errors) -> bool {
    let Some(name) = last_segment(attr.path()).map(ToString::to_string) else { return false };
    let home = match name.as_str() {
        "channels" => "stands below `#[socket(..)]`, on the same item",
        "assigns" => "marks the state's type in a module, not a function",
        _ => return false,
    };
    errors.at(attr, format!("`#[{name}]` {home}"));
    true
}

/// `#[cfg_attr(feature = "x", handle_in("y"))]`: it reaches the macro unevaluated.
fn conditional(attr: &Attribute, errors: &Errors) -> bool {
    let Some(hidden) = held(attr, is_mark) else { return false };
    errors.at(
        attr,
        format!(
            "`cfg_attr` cannot hold `#[{hidden}]`: it is not evaluated before the attribute around \
             it; write `#[{hidden}]` plainly and put a `#[cfg(..)]` on the function"
        ),
    );
    true
}

/// The first word in a `cfg_attr`, after its condition, that is `wanted`.
fn held(attr: &Attribute, wanted: impl Fn(&Ident) -> bool) -> Option<Ident> {
    let Meta::List(list) = &attr.meta else {
        return None;
    };
    if !list.path.is_ident("cfg_attr") {
        return None;
    }
    let condition = |tree: &TokenTree| !matches!(tree, TokenTree::Punct(p) if p.as_char() == ',');
    list.tokens.clone().into_iter().skip_while(condition).find_map(|tree| match tree {
        TokenTree::Ident(name) if wanted(&name) => Some(name),
        _ => None,
    })
}

/// What Phoenix calls callbacks that have another name here.
const PHOENIX_NAMES: &[(&str, &str, Home)] = &[
    ("intercept", "handle_out", Home::Channel),
    ("handle_event", "handle_in", Home::Channel),
    ("handle_call", "handle_info", Home::Channel),
    ("handle_cast", "handle_info", Home::Channel),
    ("leave", "terminate", Home::Channel),
    ("handler", "handle_in", Home::Channel),
    ("incoming", "handle_in", Home::Channel),
    ("received", "handle_in", Home::Channel),
    ("outgoing", "handle_out", Home::Channel),
    ("joined", "join", Home::Channel),
    ("handle_join", "join", Home::Channel),
    ("drop", "terminate", Home::Channel),
    ("handle_leave", "terminate", Home::Channel),
    ("on_terminate", "terminate", Home::Channel),
    ("connected", "connect", Home::Socket),
    ("handle_connect", "connect", Home::Socket),
    ("ids", "id", Home::Socket),
    ("user_id", "id", Home::Socket),
    ("socket_id", "id", Home::Socket),
    ("identity", "id", Home::Socket),
    ("on", "handle_in", Home::Channel),
    ("event", "handle_in", Home::Channel),
    ("on_message", "handle_in", Home::Channel),
    ("subscribe", "handle_in", Home::Channel),
    ("on_event", "handle_in", Home::Channel),
    ("on_msg", "handle_in", Home::Channel),
    ("message", "handle_in", Home::Channel),
    ("message_handler", "handle_in", Home::Channel),
    ("event_handler", "handle_in", Home::Channel),
    ("subscribe_message", "handle_in", Home::Channel),
    ("handle_message", "handle_in", Home::Channel),
    ("info", "handle_info", Home::Channel),
    ("on_info", "handle_info", Home::Channel),
    ("handle_continue", "handle_info", Home::Channel),
    ("on_join", "join", Home::Channel),
    ("on_leave", "terminate", Home::Channel),
    ("on_close", "terminate", Home::Channel),
    ("on_disconnect", "terminate", Home::Channel),
    ("disconnect", "terminate", Home::Channel),
    ("on_connect", "connect", Home::Socket),
    ("on_open", "connect", Home::Socket),
    ("authenticate", "connect", Home::Socket),
    ("on_message", "handle_in", Home::Socket),
    ("websocket_handle", "handle_in", Home::Socket),
    ("websocket_info", "handle_info", Home::Socket),
    ("on_disconnect", "terminate", Home::Socket),
    ("disconnect", "terminate", Home::Socket),
];

/// What others call a function that is called again and again.
const TIMERS: &[&str] = &["interval", "every", "tick", "schedule", "timer", "cron"];

/// A name without what differs between ways of spelling.
fn bare(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}

fn misspelt(attr: &Attribute, home: Home, errors: &Errors) -> bool {
    let Some(name) = attr.path().get_ident().map(ToString::to_string) else {
        return false;
    };
    let phoenix = PHOENIX_NAMES.iter().find(|(known, _, at)| *known == name && *at == home);
    if let Some((_, here, _)) = phoenix {
        if name == "event" {
            let message = "`#[event]` declares what the server sends, on its type: for events of clients \
                           write `#[handle_in]`";
            errors.at(attr.path(), message);
            return true;
        }
        errors.at(attr.path(), format!("there is no `#[{name}]`: write `#[{here}]`"));
        return true;
    }
    if TIMERS.contains(&name.as_str()) && home == Home::Channel {
        let message = format!(
            "there is no `#[{name}]`: `socket.notify_every(period, || Tick)` starts a timer, and \
             `#[handle_info]` takes its message"
        );
        errors.at(attr.path(), message);
        return true;
    }
    let same = ROLES.iter().find(|(known, at, _)| *at == home && bare(known) == bare(&name));
    if let Some((here, _, _)) = same {
        errors.at(attr.path(), format!("there is no `#[{name}]`: write `#[{here}]`"));
        return true;
    }
    // Too much is near `id` to be taken for it.
    let known = ROLES.iter().filter(|(name, at, _)| *at == home && name.len() > 2);
    let known = known.map(|(name, _, _)| *name);
    let begun = known.clone().find(|known| name.len() > 2 && known.starts_with(&name));
    let Some(near) = nearest(&name, known).or(begun) else {
        return false;
    };
    errors.at(attr.path(), format!("unknown callback `#[{name}]`; did you mean `#[{near}]`?"));
    true
}
