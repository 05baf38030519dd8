//! What a handler takes of a message that it could never get.

use crate::{
    diag::Errors,
    marks::Role,
    model::{Argument, ArgumentRole, Callback},
    syntax::{argument_of, reference, spelled},
};

/// What is context wherever it stands.
const CONTEXT: &[&str] =
    &["State", "Event", "ReplyRef", "Presence", "Socket", "Topic", "Connection"];

pub(super) fn check(callback: &Callback, errors: &Errors) {
    let Some(subject) = callback.subject() else { return };
    if !matches!(callback.role, Role::HandleInfo | Role::RawInfo) {
        is_no_state(callback, subject, errors);
    }
    if matches!(callback.role, Role::Connect | Role::Join | Role::HandleIn | Role::HandleOut) {
        is_no_result(callback, subject, errors);
    }
}

// The one that was meant to take what arrives would be judged as context, and be the second error.
fn is_no_state(callback: &Callback, subject: &Argument, errors: &Errors) {
    if argument_of("State", &subject.ty).is_none() {
        return;
    }
    let owned = |argument: &&Argument| {
        argument.role == ArgumentRole::Context
            && reference(&argument.ty).is_none()
            && !CONTEXT.iter().any(|name| spelled(&argument.ty).contains(name))
    };
    let Some(meant) = callback.arguments.iter().find(owned) else { return };
    let (state, meant) = (spelled(&subject.ty), spelled(&meant.ty));
    let message = format!(
        "the first argument without `&` takes what arrives, and `{state}` is context: put it behind `{meant}`"
    );
    errors.at(&subject.ty, message);
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
