//! Words out of a list of known ones.

use proc_macro2::Span;

use crate::diag::{Errors, nearest, one_of};

/// Looks `name` up among `known`; `what` it is goes into the message.
pub(super) fn named(
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
