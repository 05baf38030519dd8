//! The values that options take.

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Expr, ExprLit, ExprPath, Lit, LitInt, LitStr, spanned::Spanned};

use super::{
    keys::{DRAINER, Setting, settings},
    list::{Argument, arguments, options},
    quantity,
};
use crate::diag::{Errors, nearest, one_of};

/// What kind of value an option takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Flag,
    Count,
    Size,
    /// A duration longer than nothing.
    Duration,
    /// A duration that may be zero.
    Pause,
    /// A duration, or `false` for never.
    Timeout,
    Level,
    Path,
    Subprotocols,
    Origin,
    Function,
    Serializers,
    Filter,
    Drainer,
}

/// A checked value; durations are milliseconds, sizes bytes.
pub(crate) enum Value {
    Flag(bool),
    Number(u64),
    Duration(u64),
    Timeout(Option<u64>),
    /// The name of the variant of `LogLevel`.
    Level(&'static str),
    Text(LitStr),
    Texts(Vec<LitStr>),
    Origin(Origin),
    Function(ExprPath),
    /// The names of variants of `Version`.
    Serializers(Vec<&'static str>),
    Filter(Filter),
    Drainer(Option<Vec<Setting>>),
}

pub(crate) enum Origin {
    Any,
    Host,
    Request,
    List(Vec<LitStr>),
    Function(ExprPath),
}

pub(crate) struct Filter {
    pub(crate) keep: bool,
    pub(crate) terms: Vec<LitStr>,
}

const LEVELS: &[(&str, &str)] = &[
    ("off", "Off"),
    ("error", "Error"),
    ("warn", "Warn"),
    ("info", "Info"),
    ("debug", "Debug"),
    ("trace", "Trace"),
];

const SERIALIZERS: &[(&str, &str)] = &[("v1", "V1"), ("v2", "V2")];

/// A value as it was written.
enum Given<'a> {
    Flag(bool),
    Int(&'a LitInt),
    Text(&'a LitStr),
    Function(&'a ExprPath),
    List(&'a TokenStream),
    Else,
}

impl Kind {
    /// Reads what was written for the option `key`; a mistake is reported where it is.
    pub(crate) fn read(self, key: &Ident, argument: &Argument, errors: &Errors) -> Option<Value> {
        let (given, span) = match argument {
            Argument::Setting(_, value) => (given(value), value.span()),
            Argument::Group(_, tokens) => (Given::List(tokens), key.span()),
            _ => (Given::Else, key.span()),
        };
        let wrong = |message: String| {
            errors.span(span, message);
            None
        };
        match (self, given) {
            (Self::Flag, Given::Flag(on)) => Some(Value::Flag(on)),
            (Self::Count | Self::Size, Given::Int(number)) if number.suffix().is_empty() => {
                match number.base10_parse() {
                    Ok(0) => wrong(format!("`{key}` must be at least 1")),
                    Ok(number) => Some(Value::Number(number)),
                    Err(error) => wrong(error.to_string()),
                }
            }
            (Self::Size, Given::Text(text)) => match quantity::bytes(&text.value()) {
                Ok(0) => wrong(format!("`{key}` must be at least 1 byte")),
                Ok(bytes) => Some(Value::Number(bytes)),
                Err(message) => wrong(message),
            },
            (Self::Timeout, Given::Flag(false)) => Some(Value::Timeout(None)),
            (Self::Duration | Self::Pause | Self::Timeout, Given::Int(number)) => {
                let unit = if number.suffix().is_empty() { "s" } else { "" };
                wrong(format!("a duration is written with its unit: `{key} = \"{number}{unit}\"`"))
            }
            (Self::Duration | Self::Pause | Self::Timeout, Given::Text(text)) => {
                match quantity::milliseconds(&text.value()) {
                    Ok(0) if self == Self::Timeout => {
                        wrong(format!("`{key}` cannot be zero; `{key} = false` turns it off"))
                    }
                    Ok(0) if self == Self::Duration => wrong(format!("`{key}` cannot be zero")),
                    Ok(ms) if self == Self::Timeout => Some(Value::Timeout(Some(ms))),
                    Ok(ms) => Some(Value::Duration(ms)),
                    Err(message) => wrong(message),
                }
            }
            (Self::Level, Given::Flag(false)) => Some(Value::Level("Off")),
            (Self::Level, Given::Text(text)) => {
                named(LEVELS, &text.value(), "level", span, errors).map(Value::Level)
            }
            (Self::Path, Given::Text(text)) => {
                path(text, errors);
                Some(Value::Text(text.clone()))
            }
            (Self::Subprotocols, Given::List(tokens)) => {
                let names = texts(self, key, tokens, errors)?;
                for name in names.iter().filter(|name| !is_token(&name.value())) {
                    errors.at(name, "a subprotocol is a word without spaces, commas or quotes");
                }
                Some(Value::Texts(names))
            }
            (Self::Origin, Given::Flag(on)) => {
                Some(Value::Origin(if on { Origin::Host } else { Origin::Any }))
            }
            (Self::Origin, Given::Text(text)) if text.value() == "conn" => {
                Some(Value::Origin(Origin::Request))
            }
            (Self::Origin, Given::Text(text)) => wrong(format!(
                "a list of origins is written `{key}(\"{}\")`",
                text.value().escape_default()
            )),
            (Self::Origin, Given::Function(path)) => {
                Some(Value::Origin(Origin::Function(path.clone())))
            }
            (Self::Origin, Given::List(tokens)) => {
                let origins = texts(self, key, tokens, errors)?;
                for text in &origins {
                    origin(text, errors);
                }
                Some(Value::Origin(Origin::List(origins)))
            }
            (Self::Function, Given::Function(path)) => Some(Value::Function(path.clone())),
            (Self::Serializers, Given::List(tokens)) => Some(serializers(key, tokens, errors)),
            (Self::Filter, Given::List(tokens)) => filter(key, tokens, errors),
            (Self::Drainer, Given::Flag(false)) => Some(Value::Drainer(None)),
            (Self::Drainer, Given::List(tokens)) => {
                let list = arguments(tokens.clone(), options, errors);
                Some(Value::Drainer(Some(settings("drainer", DRAINER, &list, errors))))
            }
            _ => wrong(self.usage(key)),
        }
    }

    /// What to write instead of a value of the wrong kind.
    fn usage(self, key: &Ident) -> String {
        let what = match self {
            Self::Count => "a number, such as ",
            Self::Size => "a size, such as ",
            Self::Duration | Self::Pause | Self::Timeout => "a duration, such as ",
            Self::Level => "a level, such as ",
            Self::Path => "a path, such as ",
            _ => "",
        };
        let forms = match self {
            Self::Flag => vec![format!("{key} = true"), format!("{key} = false")],
            Self::Count => vec![format!("{key} = 100")],
            Self::Size => vec![format!("{key} = \"64KiB\""), format!("{key} = 65_536")],
            Self::Duration | Self::Pause => vec![format!("{key} = \"10s\"")],
            Self::Timeout => vec![format!("{key} = \"60s\""), format!("{key} = false")],
            Self::Level => vec![format!("{key} = \"debug\""), format!("{key} = false")],
            Self::Path => vec![format!("{key} = \"/path\"")],
            Self::Subprotocols => vec![format!("{key}(\"name\")")],
            Self::Origin => vec![
                format!("{key} = true"),
                format!("{key} = false"),
                format!("{key} = \"conn\""),
                format!("{key}(\"https://example.com\")"),
                format!("{key} = path::to::function"),
            ],
            Self::Function => vec![format!("{key} = path::to::function")],
            Self::Serializers => vec![format!("{key}(v1, v2)")],
            Self::Filter => vec![format!("{key}(\"password\")"), format!("{key}(keep(\"id\"))")],
            Self::Drainer => {
                vec![format!("{key}(batch_size = 1_000)"), format!("{key} = false")]
            }
        };
        format!("expected {what}{}", one_of(forms.iter().map(String::as_str)))
    }
}

fn given(value: &Expr) -> Given<'_> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Bool(flag), .. }) => Given::Flag(flag.value),
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => Given::Int(number),
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Given::Text(text),
        Expr::Path(path) => Given::Function(path),
        // Tokens that came through a `macro_rules` variable are wrapped.
        Expr::Group(group) => given(&group.expr),
        _ => Given::Else,
    }
}

/// Looks `name` up among `known`; `what` it is goes into the message.
fn named(
    known: &[(&str, &'static str)],
    name: &str,
    what: &str,
    span: Span,
    errors: &Errors,
) -> Option<&'static str> {
    if let Some((_, variant)) = known.iter().find(|(known, _)| *known == name) {
        return Some(variant);
    }
    let names = || known.iter().map(|(name, _)| *name);
    let hint = match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("expected {}", one_of(names())),
    };
    errors.span(span, format!("unknown {what} `{name}`; {hint}"));
    None
}

/// A list of strings with at least one entry.
fn texts(kind: Kind, key: &Ident, tokens: &TokenStream, errors: &Errors) -> Option<Vec<LitStr>> {
    let mut found = Vec::new();
    for argument in arguments(tokens.clone(), options, errors) {
        match argument {
            Argument::Text(text) => found.push(text),
            other => errors.span(other.span(), format!("`{key}(..)` takes strings")),
        }
    }
    if found.is_empty() {
        if tokens.is_empty() {
            errors.at(key, kind.usage(key));
        }
        return None;
    }
    Some(found)
}

/// The path of a socket or of one of its transports.
pub(crate) fn path(text: &LitStr, errors: &Errors) {
    let path = text.value();
    if !path.starts_with('/') {
        errors.at(text, format!("a path starts with `/`: \"/{path}\""));
    } else if path.ends_with('/') {
        errors.at(text, "a path here has no trailing `/`: more is appended to it");
    } else if path.contains("//") {
        errors.at(text, "a path has no empty segments: write one `/`");
    } else if let Some(odd) = path.chars().find(|c| "*?#\\".contains(*c) || c.is_whitespace()) {
        errors.at(text, format!("a path cannot contain `{}`", odd.escape_default()));
    }
}

fn origin(text: &LitStr, errors: &Errors) {
    let origin = text.value();
    let Some((scheme, host)) = origin.split_once("//") else {
        let host = origin.trim_start_matches('/');
        let message = if host == "*" || host.is_empty() {
            "write `check_origin = false` to accept every origin".to_owned()
        } else {
            format!(
                "an origin has a scheme: \"https://{host}\", or \"//{host}\" where it does not matter"
            )
        };
        return errors.at(text, message);
    };
    if !(scheme.is_empty() || scheme.ends_with(':')) {
        errors.at(text, format!("expected `:` after the scheme: \"{scheme}://{host}\""));
    } else if let Some((host, _)) = host.split_once('/') {
        errors.at(text, format!("an origin has no path: \"{scheme}//{host}\""));
    } else if host.trim_start_matches("*.").is_empty() {
        errors.at(text, "an origin names a host, such as \"//example.com\"");
    } else if host.trim_start_matches("*.").contains('*') {
        errors.at(text, "`*` stands for subdomains only: \"//*.example.com\"");
    }
}

fn serializers(key: &Ident, tokens: &TokenStream, errors: &Errors) -> Value {
    let mut versions = Vec::new();
    for argument in arguments(tokens.clone(), options, errors) {
        let Argument::Word(name) = &argument else {
            errors.span(argument.span(), Kind::Serializers.usage(key));
            continue;
        };
        let found = named(SERIALIZERS, &name.to_string(), "serializer", name.span(), errors);
        let Some(version) = found else { continue };
        if versions.contains(&version) {
            errors.at(name, format!("serializer `{name}` is listed twice"));
        } else {
            versions.push(version);
        }
    }
    if tokens.is_empty() {
        errors.at(key, Kind::Serializers.usage(key));
    }
    Value::Serializers(versions)
}

fn filter(key: &Ident, tokens: &TokenStream, errors: &Errors) -> Option<Value> {
    let list = arguments(tokens.clone(), options, errors);
    if let [Argument::Group(keep, terms)] = &list[..]
        && keep == "keep"
    {
        let terms = texts(Kind::Filter, keep, terms, errors)?;
        return Some(Value::Filter(Filter { keep: true, terms }));
    }
    // `filter_parameters()` says that nothing is hidden, which Phoenix allows too.
    let terms =
        if tokens.is_empty() { Vec::new() } else { texts(Kind::Filter, key, tokens, errors)? };
    Some(Value::Filter(Filter { keep: false, terms }))
}

/// RFC 9110's `token`.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}
