//! Rules about the entries of a routing table.

use proc_macro2::Ident;
use syn::{PathArguments, Type};

use crate::{args::RouteArg, diag::Errors, model::Socket, syntax::unwrapped};

pub(super) fn check(socket: &Socket, errors: &Errors) {
    for route in &socket.routes {
        is_a_type(route, errors);
    }
    for name in &socket.unknown {
        let message = format!(
            "the paths of a module's attribute start inside the module, where there is no `{name}`: write \
             `super::{name}`"
        );
        errors.at(name, message);
    }
}

// A module cannot be told from a type but by how it is spelt.
fn is_a_type(route: &RouteArg, errors: &Errors) {
    let Type::Path(ty) = unwrapped(&route.channel) else { return };
    let Some(last) = ty.path.segments.last() else { return };
    let name = last.ident.to_string();
    if matches!(last.arguments, PathArguments::None) && name.starts_with(|c: char| c.is_lowercase())
    {
        let message = format!(
            "a module is listed by its `#[assigns]` type, such as `{name}::{}`",
            type_name(&last.ident)
        );
        errors.at(&ty.path, message);
    }
}

/// `UserSocket` for `user_socket`.
fn type_name(module: &Ident) -> String {
    module
        .to_string()
        .split('_')
        .filter_map(|word| {
            let mut letters = word.chars();
            let first = letters.next()?;
            Some(first.to_uppercase().chain(letters).collect::<String>())
        })
        .collect()
}
