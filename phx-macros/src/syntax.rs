//! Looking at attributes, paths and types.

use proc_macro2::Ident;
use syn::{Attribute, Path, Type, TypeReference};

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

/// The reference that `ty` is, if it is one.
pub(crate) fn reference(ty: &Type) -> Option<&TypeReference> {
    match unwrapped(ty) {
        Type::Reference(reference) => Some(reference),
        _ => None,
    }
}

/// The type without what `macro_rules` and parentheses wrap around it.
pub(crate) fn unwrapped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => unwrapped(&group.elem),
        Type::Paren(paren) => unwrapped(&paren.elem),
        ty => ty,
    }
}
