//! `#[socket("/socket", websocket(timeout = "60s"), longpoll, max_channels = 20)]`.

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Expr, ExprLit, Lit, LitStr};

use super::{
    keys,
    list::{Argument, arguments, is_constant, options},
    runtime::runtime,
    scalars::check_path,
    settings::settings,
    value::Setting,
};
use crate::diag::{Errors, nearest};

pub(crate) struct SocketArgs {
    pub(crate) path: Option<LitStr>,
    pub(crate) transports: Vec<Transport>,
    pub(crate) settings: Vec<Setting>,
    /// The runtime's path, if the application has it under another name.
    pub(crate) runtime: Option<syn::Path>,
}

pub(crate) struct Transport {
    pub(crate) name: Ident,
    pub(crate) settings: Vec<Setting>,
}

fn usage(_: &[LitStr]) -> String {
    "expected commas between path, transports and options: \
     `#[socket(\"/socket\", websocket, longpoll)]`"
        .to_owned()
}

const TRANSPORTS: [&str; 2] = ["websocket", "longpoll"];

/// What others call them.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("ws", "websocket"),
    ("wss", "websocket"),
    ("websockets", "websocket"),
    ("web_socket", "websocket"),
    ("polling", "longpoll"),
    ("longpolling", "longpoll"),
    ("long_polling", "longpoll"),
];

impl SocketArgs {
    pub(crate) fn read(tokens: TokenStream, errors: &Errors) -> Self {
        let mut list = arguments(tokens, usage, errors);
        let runtime = runtime(&mut list, errors);
        let path = named_path(&mut list, errors).or_else(|| take_path(&mut list, errors));
        let transports = take_transports(&mut list, errors);
        // A list of them is told of as the option that it is not.
        let listed = list.iter().any(|argument| argument.is_key("transports"));
        if let (Some(path), [], true, false) = (&path, &transports[..], errors.is_empty(), listed) {
            errors.at(path, "a socket needs a transport: `websocket`, `longpoll` or both");
        }
        Self {
            path,
            transports,
            settings: settings("socket", keys::SOCKET, &list, errors),
            runtime,
        }
    }
}

/// `path = "/socket"`, as the attributes of other frameworks have it.
fn named_path(list: &mut Vec<Argument>, errors: &Errors) -> Option<LitStr> {
    let has_path = list.iter().any(|argument| matches!(argument, Argument::Text(_)));
    let at = list.iter().position(|argument| argument.is_key("path")).filter(|_| !has_path)?;
    let Argument::Setting(key, Expr::Lit(ExprLit { lit: Lit::Str(path), .. })) = &list[at] else {
        return None;
    };
    let (message, path) =
        (format!("the path needs no name: `#[socket({}, ..)]`", path.token()), path.clone());
    errors.at(key, message);
    list.remove(at);
    Some(path)
}

fn take_path(list: &mut Vec<Argument>, errors: &Errors) -> Option<LitStr> {
    let mut texts = Vec::new();
    list.retain(|argument| match argument {
        Argument::Text(text) => {
            texts.push(text.clone());
            false
        }
        _ => true,
    });
    let mut texts = texts.into_iter();
    let path = texts.next();
    for second in texts {
        let text = second.value();
        let message = if TRANSPORTS.contains(&text.as_str()) {
            format!("a transport is written without quotes: `{text}`")
        } else {
            "a socket has one path; `socket` builders can mount it on others".to_owned()
        };
        errors.at(second, message);
    }
    match &path {
        Some(path) => {
            check_path(path, errors);
            placeholders(path, errors);
        }
        None if errors.is_empty() => {
            let first = list.first();
            let constant = matches!(first, Some(Argument::Word(word)) if is_constant(word));
            let message = if constant {
                "a path is written as a string, `#[socket(\"/socket\", websocket)]`: an attribute \
                 cannot look into constants"
            } else {
                "a socket needs a path: `#[socket(\"/socket\", websocket)]`"
            };
            errors.span(first.map_or_else(Span::call_site, Argument::span), message);
            if constant {
                list.remove(0);
            }
        }
        None => {}
    }
    path
}

/// `{name}` stands for a whole segment of a socket's path.
fn placeholders(path: &LitStr, errors: &Errors) {
    let text = path.value();
    let mut names = Vec::new();
    for segment in text.split('/').filter(|segment| segment.contains(['{', '}'])) {
        let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        match name.filter(|name| syn::parse_str::<Ident>(name).is_ok()) {
            None => {
                errors.at(
                    path,
                    format!(
                        "`{segment}` is no path parameter: write a whole segment such as `{{id}}`"
                    ),
                );
            }
            Some(name) if names.contains(&name) => {
                errors.at(path, format!("path parameter `{name}` appears twice"));
            }
            Some(name) => names.push(name),
        }
    }
}

fn take_transports(list: &mut Vec<Argument>, errors: &Errors) -> Vec<Transport> {
    let mut found: Vec<Transport> = Vec::new();
    list.retain(|argument| {
        let (name, group) = match argument {
            Argument::Word(name) | Argument::Setting(name, _) => (name, None),
            Argument::Group(name, tokens) => (name, Some(tokens)),
            Argument::Text(_) | Argument::Other(_) => return true,
        };
        let text = name.to_string();
        let keys = match text.as_str() {
            "websocket" => keys::WEBSOCKET,
            "longpoll" => keys::LONGPOLL,
            _ => return !misspelt_transport(name, argument, errors),
        };
        if matches!(argument, Argument::Setting(..)) {
            errors.at(name, format!("write `{name}` or `{name}(..)` to serve it, or leave it out"));
            return false;
        }
        if let Some(first) = found.iter().find(|transport| transport.name == *name) {
            errors.at(name, format!("transport `{name}` is listed twice"));
            errors.at(&first.name, format!("`{name}` is first listed here"));
            return false;
        }
        let options =
            group.map(|tokens| arguments(tokens.clone(), options, errors)).unwrap_or_default();
        let settings = settings(&text, keys, &options, errors);
        found.push(Transport { name: name.clone(), settings });
        false
    });
    found
}

/// Reports a word that can only have been meant as a transport.
fn misspelt_transport(name: &Ident, argument: &Argument, errors: &Errors) -> bool {
    let text = name.to_string();
    let bare = matches!(argument, Argument::Word(_));
    let other = OTHER_NAMES.iter().find(|(other, _)| *other == text).map(|(_, here)| *here);
    let hint = match other.or_else(|| nearest(&text, TRANSPORTS)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if bare && !keys::SOCKET.iter().any(|(key, _)| *key == text) => {
            "there are `websocket` and `longpoll`".to_owned()
        }
        None => return false,
    };
    errors.at(name, format!("unknown transport `{name}`; {hint}"));
    true
}
