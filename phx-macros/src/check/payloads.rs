//! What a handler takes of a message that it could never get.

use syn::Type;

use crate::{
    diag::Errors,
    marks::Role,
    model::{Argument, ArgumentRole, Callback},
    pattern::Pattern,
    syntax::{argument_of, reference, spelled, unwrapped},
};

/// Types of one value.
const SCALARS: &[&str] = &[
    "String", "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "u128",
    "u16", "u32", "u64", "u8", "usize", "Uuid",
];

pub(super) fn check(callback: &Callback, errors: &Errors) {
    let Some(subject) = callback.subject() else { return };
    if callback.role == Role::RawIn {
        stands_behind(callback, subject, errors);
    }
    if matches!(callback.role, Role::Connect | Role::Join | Role::HandleIn | Role::HandleOut) {
        is_no_result(callback, subject, errors);
        stands_behind(callback, subject, errors);
    }
    match callback.role {
        Role::Connect => is_a_map(subject, errors),
        Role::Join | Role::HandleIn | Role::HandleOut => {
            is_no_context(subject, errors);
            is_something(subject, errors);
        }
        _ => {}
    }
}

// A state or a reply that stands before what arrives is one mistake, not two.
fn stands_behind(callback: &Callback, subject: &Argument, errors: &Errors) {
    let is_context = |ty: &Type| {
        argument_of("State", ty).is_some() || ["Event", "ReplyRef"].contains(&spelled(ty).as_str())
    };
    if !is_context(&subject.ty) {
        return;
    }
    let second = callback.arguments.iter().find(|argument| {
        let owned = argument.role == ArgumentRole::Context
            && (reference(&argument.ty).is_none()
                || callback.role == Role::RawIn && is_text_or_bytes(&argument.ty));
        owned && !is_context(&argument.ty) && argument_of("Option", &argument.ty).is_none()
    });
    let Some(second) = second else { return };
    let message = format!(
        "`{}` is context, and stands after what arrives: put `{}: {}` first",
        spelled(&subject.ty),
        second.local,
        spelled(&second.ty)
    );
    errors.at(&subject.ty, message);
}

/// `&str` or `&[u8]`, which a socket without channels takes of a message.
fn is_text_or_bytes(ty: &Type) -> bool {
    reference(ty).is_some_and(|borrowed| match unwrapped(&borrowed.elem) {
        Type::Path(path) => path.path.is_ident("str"),
        Type::Slice(_) => true,
        _ => false,
    })
}

// The parameters have names, so nothing but a map could be decoded, and every client would be refused.
fn is_a_map(subject: &Argument, errors: &Errors) {
    let (name, ty) = (&subject.local, &subject.ty);
    let optional = argument_of("Option", ty).unwrap_or(ty);
    let list =
        ["Vec", "HashSet", "BTreeSet"].iter().any(|list| argument_of(list, optional).is_some());
    if !is_scalar(optional) && !list && !matches!(unwrapped(optional), Type::Tuple(_)) {
        return;
    }
    let message = match unwrapped(optional) {
        Type::Tuple(unit) if unit.elems.is_empty() => {
            "connection parameters are a map: leave this out to take none, or take `_: Params`"
                .to_owned()
        }
        _ if list => {
            "connection parameters are a map: take a `HashMap<String, String>`, or `Params`"
                .to_owned()
        }
        _ => format!(
            "connection parameters are a map: take `{name}` in a type, `#[derive(Deserialize)] struct Login {{ \
             {name}: {} }}`, or of a `Params`, `params.get(\"{name}\")`",
            spelled(ty)
        ),
    };
    errors.at(ty, message);
}

// A client that sends nothing sends `{}`, which is no unit to serde.
fn is_something(subject: &Argument, errors: &Errors) {
    if matches!(unwrapped(&subject.ty), Type::Tuple(unit) if unit.elems.is_empty()) {
        let message = "`()` is `null` alone, and who sends nothing sends `{}`: leave this out, or write `_: Payload`";
        errors.at(&subject.ty, message);
    }
}

// What is called so, and is a text, was meant to be what has this name; the client sends a map.
fn is_no_context(subject: &Argument, errors: &Errors) {
    let name = subject.local.to_string();
    let context = match name.as_str() {
        "topic" => "Topic",
        "event" | "event_name" => "Event",
        _ => return,
    };
    if spelled(&subject.ty) != "String" {
        return;
    }
    let message = format!(
        "this would take what the client sent; the {} is context: `{name}: &{context}`",
        context.to_lowercase()
    );
    errors.at(&subject.ty, message);
}

/// That what `#[join]` takes is no parameter that the pattern only lacks.
pub(super) fn is_no_parameter(join: &Callback, patterns: &[Pattern], errors: &Errors) {
    let ([pattern], Some(subject)) = (patterns, join.subject()) else { return };
    let name = subject.local.to_string();
    let start = match pattern.text.strip_suffix('*') {
        Some(start) => start,
        None if pattern.names.is_empty() => {
            pattern.text.rfind(':').map_or("", |colon| &pattern.text[..=colon])
        }
        None => return,
    };
    let is_id = name == "id" || name.ends_with("_id");
    let is_part =
        start.strip_suffix(':').is_some_and(|start| start.rsplit(':').next() == Some(&*name));
    if !(is_id || is_part) || !is_scalar(&subject.ty) || start.is_empty() && !pattern.is_open() {
        return;
    }
    let message = format!(
        "this would take what the client sent along, because no topic parameter is called `{name}`: write \
         \"{start}{{{name}}}\""
    );
    errors.at(&subject.ty, message);
}

fn is_scalar(ty: &Type) -> bool {
    let Type::Path(path) = unwrapped(ty) else { return false };
    path.path.segments.last().is_some_and(|last| SCALARS.iter().any(|name| last.ident == name))
}

// Serde would read `{"Ok": …}` into it, and refuse every message that was meant.
fn is_no_result(callback: &Callback, subject: &Argument, errors: &Errors) {
    let Some(inner) = argument_of("Result", &subject.ty) else { return };
    let inner = spelled(inner);
    let (what, whole) = match callback.role {
        Role::Connect => ("connection parameters", "Params"),
        _ => ("a payload", "Payload"),
    };
    let message = format!(
        "phx itself answers {what} that cannot be decoded: take `{inner}`, or decode it in the function, \
         from a `{whole}`"
    );
    errors.at(&subject.ty, message);
}
