//! Reading the mark of a function.

use proc_macro2::Ident;
use syn::Attribute;

use super::{
    mistakes::meant_as_mark,
    role::{Home, ROLES, Role},
};
use crate::{diag::Errors, item::Function, syntax::last_segment};

/// A role together with the attribute that gave it.
pub(crate) struct Mark {
    pub(crate) role: Role,
    /// The attribute's name, where the user wrote it.
    pub(crate) name: Ident,
    pub(crate) attr: Attribute,
}

/// What the attributes of a function say.
pub(crate) enum Marked {
    As(Box<Mark>),
    /// Only what was meant as a mark, and has been reported.
    Wrongly,
    Not,
}

/// Takes the marks off a function. What is not a mark stays; what was meant to be one is reported
/// and taken off too, or the compiler would report it again.
pub(crate) fn take_mark(function: &mut Function, home: Home, errors: &Errors) -> Marked {
    let (mut marks, mut reported) = (Vec::new(), false);
    function.attrs.retain(|attr| {
        let name = last_segment(attr.path());
        let of = |home| {
            let here = |(known, at, _): &&(&str, Home, Role)| {
                *at == home && name.is_some_and(|name| name == known)
            };
            ROLES.iter().find(here)
        };
        let role = of(home).or_else(|| of(home.other()));
        let (Some(name), Some((text, of, role))) = (name, role) else {
            let meant = meant_as_mark(attr, home, errors);
            reported |= meant;
            return !meant;
        };
        if *of == home {
            marks.push(Mark { role: *role, name: name.clone(), attr: attr.clone() });
        } else {
            let (own, other) = (home.name(), of.name());
            errors.at(attr, format!("`#[{text}]` belongs in a {other}, this is a {own}"));
            reported = true;
        }
        false
    });
    let mut marks = marks.into_iter();
    let Some(mark) = marks.next() else {
        return if reported { Marked::Wrongly } else { Marked::Not };
    };
    for second in marks {
        errors.at(&second.attr, second_mark(&function.sig.ident, &mark, &second));
    }
    Marked::As(Box::new(mark))
}

/// What to say about a second mark on one function.
fn second_mark(function: &Ident, first: &Mark, second: &Mark) -> String {
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
