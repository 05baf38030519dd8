//! The inert attributes that say what a function is for.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::{Attribute, Meta, Path};

use crate::{
    diag::{Errors, nearest},
    item::{Function, Item, Member},
};

/// What a function is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Connect,
    Id,
    Join,
    HandleIn,
    HandleOut,
    HandleInfo,
    Terminate,
}

/// The macro that a role belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    Socket,
    Channel,
}

/// A role together with the attribute that gave it.
pub(crate) struct Mark {
    pub(crate) role: Role,
    /// The attribute's name, where the user wrote it.
    pub(crate) name: Ident,
    pub(crate) attr: Attribute,
}

const ROLES: &[(&str, Role)] = &[
    ("connect", Role::Connect),
    ("id", Role::Id),
    ("join", Role::Join),
    ("handle_in", Role::HandleIn),
    ("handle_out", Role::HandleOut),
    ("handle_info", Role::HandleInfo),
    ("terminate", Role::Terminate),
];

impl Role {
    pub(crate) fn name(self) -> &'static str {
        ROLES.iter().find(|(_, role)| *role == self).map_or("", |(name, _)| name)
    }

    pub(crate) fn home(self) -> Home {
        match self {
            Self::Connect | Self::Id => Home::Socket,
            _ => Home::Channel,
        }
    }

    /// Whether the function makes the state, rather than being called on it.
    pub(crate) fn makes_state(self) -> bool {
        matches!(self, Self::Connect | Self::Join)
    }
}

impl Home {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Socket => "socket",
            Self::Channel => "channel",
        }
    }

    /// The role without which the item is incomplete.
    pub(crate) fn constructor(self) -> Role {
        match self {
            Self::Socket => Role::Connect,
            Self::Channel => Role::Join,
        }
    }
}

/// Takes the marks off a function. What is not a mark stays; what was meant to be one is reported
/// and taken off too, or the compiler would report it again.
pub(crate) fn take_marks(function: &mut Function, home: Home, errors: &Errors) -> Vec<Mark> {
    let mut marks = Vec::new();
    function.attrs.retain(|attr| {
        let Some(name) = last_segment(attr.path()) else {
            return true;
        };
        let text = name.to_string();
        let Some((_, role)) = ROLES.iter().find(|(known, _)| *known == text) else {
            return !(misplaced(attr, &text, errors)
                || conditional(attr, errors)
                || misspelt(attr, home, errors));
        };
        if role.home() == home {
            marks.push(Mark { role: *role, name: name.clone(), attr: attr.clone() });
        } else {
            let (own, other) = (home.name(), role.home().name());
            errors.at(attr, format!("`#[{text}]` belongs in a {other}, this is a {own}"));
        }
        false
    });
    marks
}

/// What to say about a second mark on one function.
pub(crate) fn second_mark(function: &Ident, first: &Mark, second: &Mark) -> String {
    let (was, is) = (&first.name, &second.name);
    if first.role != second.role {
        return format!(
            "`{function}` is already a `#[{was}]`; a function is one callback, `#[{is}]` needs its own"
        );
    }
    match (first.attr.meta.require_list(), second.attr.meta.require_list()) {
        (Ok(one), Ok(other)) => format!(
            "`{function}` is already a `#[{was}]`: name all its events in one, `#[{was}({}, {})]`",
            one.tokens, other.tokens
        ),
        _ => format!("`{function}` is already a `#[{was}]`"),
    }
}

/// Reports `#[socket]` and `#[channel]` below another of them, and takes them off: the functions
/// are the first one's.
pub(crate) fn reject_second_macro(item: &mut Item, home: Home, errors: &Errors) {
    for attr in take(&mut item.attrs, "channel") {
        errors.at(
            attr,
            match home {
                Home::Channel => {
                    "a channel has one `#[channel(..)]`: list its patterns, \
                     `#[channel(\"room:*\", \"lobby\")]`"
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

/// Reports `#[assigns]` inside of `cfg_attr`; returns whether there is one.
pub(crate) fn reject_conditional_state(item: &mut Item, errors: &Errors) -> bool {
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
pub(crate) fn reject_marks(item: &mut Item, errors: &Errors) -> bool {
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
                let ours = ["handle_in", "handle_out", "handle_info"];
                let ours = ours.iter().any(|known| name == known);
                if ours {
                    errors.at(attr, format!("`#[{name}]` goes on a function"));
                }
                return !ours;
            }
            let mark = ROLES.iter().any(|(known, _)| name == known);
            typing |= mark;
            !mark
        });
    }
    typing
}

/// Removes and returns the attributes called `name`, however they are qualified.
pub(crate) fn take(attrs: &mut Vec<Attribute>, name: &str) -> Vec<Attribute> {
    attrs.extract_if(.., |attr| is(attr, name)).collect()
}

pub(crate) fn is(attr: &Attribute, name: &str) -> bool {
    last_segment(attr.path()).is_some_and(|segment| segment == name)
}

pub(crate) fn last_segment(path: &Path) -> Option<&Ident> {
    path.segments.last().map(|segment| &segment.ident)
}

/// `#[channels]` or `#[assigns]` on a function.
fn misplaced(attr: &Attribute, name: &str, errors: &Errors) -> bool {
    let home = match name {
        "channels" => "stands below `#[socket(..)]`, on the same item",
        "assigns" => "marks the state's type in a module, not a function",
        _ => return false,
    };
    errors.at(attr, format!("`#[{name}]` {home}"));
    true
}

/// `#[cfg_attr(feature = "x", handle_in("y"))]`: it reaches the macro unevaluated.
fn conditional(attr: &Attribute, errors: &Errors) -> bool {
    let role = |name: &Ident| ROLES.iter().any(|(known, _)| name == known);
    let Some(hidden) = held(attr, role) else { return false };
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
];

fn misspelt(attr: &Attribute, home: Home, errors: &Errors) -> bool {
    let Some(name) = attr.path().get_ident().map(ToString::to_string) else {
        return false;
    };
    let phoenix = PHOENIX_NAMES.iter().find(|(known, _, at)| *known == name && *at == home);
    if let Some((_, here, _)) = phoenix {
        errors.at(attr.path(), format!("there is no `#[{name}]`: write `#[{here}]`"));
        return true;
    }
    // Too much is near `id` to be taken for it.
    let known = ROLES.iter().filter(|(name, role)| role.home() == home && name.len() > 2);
    let known = known.map(|(name, _)| *name);
    let begun = known.clone().find(|known| name.len() > 2 && known.starts_with(&name));
    let Some(near) = nearest(&name, known).or(begun) else {
        return false;
    };
    errors.at(attr.path(), format!("unknown callback `#[{name}]`; did you mean `#[{near}]`?"));
    true
}

/// `tokens` without our attributes, for an item that could not be read: whatever it is still
/// reaches the compiler and the editor.
pub(crate) fn strip(tokens: TokenStream) -> TokenStream {
    let mut stripped = TokenStream::new();
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        if matches!(&tree, TokenTree::Punct(hash) if hash.as_char() == '#')
            && matches!(trees.peek(), Some(TokenTree::Group(group)) if is_ours(group))
        {
            trees.next();
            continue;
        }
        stripped.extend([match tree {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), strip(group.stream()));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            tree => tree,
        }]);
    }
    stripped
}

/// Whether the brackets of an attribute name one of ours: the last word before its arguments.
fn is_ours(brackets: &Group) -> bool {
    if brackets.delimiter() != Delimiter::Bracket {
        return false;
    }
    let path = brackets.stream().into_iter().take_while(|tree| {
        matches!(tree, TokenTree::Ident(_))
            || matches!(tree, TokenTree::Punct(p) if p.as_char() == ':')
    });
    let Some(TokenTree::Ident(name)) = path.last() else {
        return false;
    };
    name == "channels" || name == "assigns" || ROLES.iter().any(|(known, _)| name == known)
}
