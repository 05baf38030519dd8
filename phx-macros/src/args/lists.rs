//! Options whose value is a list: `key("a", "b")`.

use proc_macro2::{Ident, TokenStream};
use syn::{Expr, ExprArray, ExprLit, Lit, LitStr, parse::ParseStream, spanned::Spanned};

use super::{
    given::{Given, Refused},
    list::{Argument, arguments, list_of, options, separated},
    named::named,
    value::{Filter, Origin, Serializer, Value},
};
use crate::diag::Errors;

const SERIALIZERS: &[(&str, &str)] = &[
    ("v1", "V1"),
    ("v2", "V2"),
    ("v1_3", "v1_3"),
    ("v0_14", "v0_14"),
    ("v0_8", "v0_8"),
    ("v0_10", "v0_10"),
    ("v0_7", "v0_7"),
];

pub(super) fn subprotocols(
    key: &Ident,
    given: &Given<'_>,
    errors: &Errors,
) -> Result<Value, Refused> {
    let Given::List(tokens) = given else { return Err(Refused::Kind) };
    let names = texts(key, tokens, errors)?;
    for name in names.iter().filter(|name| !is_token(&name.value())) {
        errors.at(name, "a subprotocol is a word without spaces, commas or quotes");
    }
    Ok(Value::Texts(names))
}

pub(super) fn origin(key: &Ident, given: &Given<'_>, errors: &Errors) -> Result<Value, Refused> {
    let origin = match given {
        Given::Flag(true) => Origin::Host,
        Given::Flag(false) => Origin::Any,
        Given::Text(text) if text.value() == "conn" => Origin::Request,
        Given::Text(text) if text.value() == "*" => {
            return Err(format!("every origin is accepted with `{key} = false`").into());
        }
        Given::Text(text) => {
            let text = text.value();
            let message =
                format!("a list of origins is written `{key}(\"{}\")`", text.escape_default());
            return Err(message.into());
        }
        Given::Function(path) => Origin::Function((*path).clone()),
        Given::Array(array) if let Some(list) = texts_of(array) => {
            return Err(format!("a list of origins is written `{key}({list})`").into());
        }
        Given::List(tokens) => {
            let origins = texts(key, tokens, errors)?;
            for text in &origins {
                check_origin(text, errors);
            }
            Origin::List(origins)
        }
        _ => return Err(Refused::Kind),
    };
    Ok(Value::Origin(origin))
}

pub(super) fn serializers(given: &Given<'_>, errors: &Errors) -> Result<Value, Refused> {
    let Given::List(tokens) = given else { return Err(Refused::Kind) };
    if tokens.is_empty() {
        return Err(Refused::Kind);
    }
    let entry = |input: ParseStream<'_>| input.parse::<Expr>().map(Some);
    let explain = |_: &[LitStr]| {
        "a serializer is `v1`, `v2`, an older version such as `v0_7`, or a value of your own"
            .to_owned()
    };
    let (mut serializers, mut names) = (Vec::new(), Vec::new());
    for given in separated((*tokens).clone(), entry, explain, errors) {
        if matches!(given, Expr::Lit(_)) {
            return Err(Refused::Entry(given.span()));
        }
        let Some(name) = version_name(&given) else {
            serializers.push(Serializer::Given(given));
            continue;
        };
        let found = named(SERIALIZERS, &name.to_string(), "serializer", name.span(), errors);
        let Some(version) = found else { continue };
        if names.contains(&version) {
            errors.at(name, format!("serializer `{name}` is listed twice"));
            continue;
        }
        names.push(version);
        serializers.push(match version {
            "V1" | "V2" => Serializer::Version(version),
            _ => Serializer::Older(version),
        });
    }
    Ok(Value::Serializers(serializers))
}

/// A word that is written like the name of a version, not like one of a constant or a type.
fn version_name(given: &Expr) -> Option<&Ident> {
    let Expr::Path(path) = given else { return None };
    let name = path.path.get_ident()?;
    name.to_string().starts_with(|c: char| c.is_ascii_lowercase()).then_some(name)
}

pub(super) fn filter(key: &Ident, given: &Given<'_>, errors: &Errors) -> Result<Value, Refused> {
    let Given::List(tokens) = given else { return Err(Refused::Kind) };
    if tokens.is_empty() {
        // Nothing is hidden, which Phoenix allows too.
        return Ok(Value::Filter(Filter { keep: false, terms: Vec::new() }));
    }
    let list = arguments((*tokens).clone(), options, errors);
    if let [Argument::Group(keep, terms)] = &list[..]
        && keep == "keep"
    {
        let terms = texts(keep, terms, errors)?;
        return Ok(Value::Filter(Filter { keep: true, terms }));
    }
    Ok(Value::Filter(Filter { keep: false, terms: texts(key, tokens, errors)? }))
}

/// A list of strings with at least one entry.
fn texts(key: &Ident, tokens: &TokenStream, errors: &Errors) -> Result<Vec<LitStr>, Refused> {
    if tokens.is_empty() {
        return Err(Refused::Kind);
    }
    let mut found = Vec::new();
    for argument in arguments(tokens.clone(), options, errors) {
        match argument {
            Argument::Text(text) => found.push(text),
            other => errors.span(other.span(), format!("`{key}(..)` takes strings")),
        }
    }
    if found.is_empty() { Err(Refused::Reported) } else { Ok(found) }
}

fn check_origin(text: &LitStr, errors: &Errors) {
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

/// `"a", "b"`, of an array of strings.
fn texts_of(array: &ExprArray) -> Option<String> {
    let texts = array.elems.iter().map(|elem| match elem {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.clone()),
        _ => None,
    });
    texts.collect::<Option<Vec<_>>>().map(|texts| list_of(&texts))
}

/// RFC 9110's `token`.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}
