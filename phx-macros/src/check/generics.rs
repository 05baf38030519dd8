//! Rules about the type that the attribute stands on: it lives as long as the client is there, on any
//! thread.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{Generics, Type, TypeParam, TypeParamBound, WherePredicate};

use crate::{
    diag::Errors,
    marks::Home,
    model::{Common, State},
    syntax::{last_segment, lifetime},
};

/// Traits of the standard library and of serde that promise nothing about lifetimes and threads.
const SILENT: &[&str] = &[
    "AsRef",
    "Borrow",
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "Deref",
    "Deserialize",
    "DeserializeOwned",
    "Display",
    "Eq",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "FromStr",
    "Future",
    "Hash",
    "Into",
    "IntoIterator",
    "Iterator",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Serialize",
    "Sized",
    "Sync",
    "ToOwned",
    "ToString",
    "TryFrom",
    "TryInto",
    "Unpin",
];

pub(super) fn check(common: &Common, errors: &Errors) {
    let Some(state) = &common.state else { return };
    borrows_nothing(common.home, state, errors);
    parameters_live_on(common.home, state, errors);
}

fn borrows_nothing(home: Home, state: &State, errors: &Errors) {
    let Some(first) = lifetime(state.ty.to_token_stream()) else { return };
    let message = format!(
        "a {} lives until its client is gone, so it cannot borrow: own what it holds, `String` instead of \
         `&str`, `Arc<T>` instead of `&T`",
        home.name()
    );
    errors.at(first, message);
}

// Another trait may well have the bounds as its own, which cannot be seen from here: then the compiler
// judges.
fn parameters_live_on(home: Home, state: &State, errors: &Errors) {
    let wanted = match home {
        Home::Channel => "Send + 'static",
        Home::Socket => "Send + Sync + 'static",
    };
    let needed: Vec<&str> = wanted.split(" + ").collect();
    for param in state.generics.type_params() {
        let bounds = bounds_of(param, &state.generics);
        let known = bounds.iter().all(|bound| {
            let bound = bound.as_str();
            SILENT.contains(&bound) || needed.contains(&bound)
        });
        let lacks = needed.iter().any(|needed| !bounds.iter().any(|bound| bound == needed));
        if known && lacks {
            let (name, home) = (&param.ident, home.name());
            let message = format!(
                "a {home} lives until its client is gone, on any thread, so its type parameters do: \
                 `{name}: {wanted}`"
            );
            errors.at(name, message);
        }
    }
}

/// The names of what bounds a parameter, at its declaration and in the `where` clause.
fn bounds_of(param: &TypeParam, generics: &Generics) -> Vec<String> {
    let clauses = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let elsewhere = clauses.filter_map(|predicate| match predicate {
        WherePredicate::Type(predicate) if is(&predicate.bounded_ty, &param.ident) => {
            Some(&predicate.bounds)
        }
        _ => None,
    });
    let bounds = param.bounds.iter().chain(elsewhere.flatten());
    bounds
        .map(|bound| match bound {
            TypeParamBound::Trait(bound) => {
                last_segment(&bound.path).map(ToString::to_string).unwrap_or_default()
            }
            other => other.to_token_stream().to_string(),
        })
        .collect()
}

fn is(ty: &Type, name: &Ident) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident(name))
}
