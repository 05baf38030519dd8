//! What a handler takes of a message that it could never get.

use crate::{
    diag::Errors,
    marks::Role,
    model::{Argument, Callback},
    syntax::{argument_of, spelled},
};

pub(super) fn check(callback: &Callback, errors: &Errors) {
    let Some(subject) = callback.subject() else { return };
    if matches!(callback.role, Role::Connect | Role::Join | Role::HandleIn | Role::HandleOut) {
        is_no_result(callback, subject, errors);
    }
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
