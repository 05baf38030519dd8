//! The type that the callbacks are for.

use proc_macro2::Ident;
use syn::{Generics, parse_quote};

use crate::{
    diag::Errors,
    item::{Head, Item, Member},
    marks::{Home, conditional_state, misspelt_state},
    model::State,
    syntax::take,
};

/// `Self` of the `impl` block, or the module's `#[assigns]` type.
pub(super) fn state(home: Home, item: &mut Item, errors: &Errors) -> Option<State> {
    if let Head::Impl { generics, ty, .. } = &item.head {
        let state = State { ty: (**ty).clone(), generics: (**generics).clone() };
        for attr in take(&mut item.attrs, "assigns") {
            errors.at(attr, "`#[assigns]` is for modules: here the state is `Self`");
        }
        return Some(state);
    }
    let mut found: Option<Ident> = None;
    let mut marked = false;
    for member in &mut item.members {
        let Member::Other(other) = member else {
            continue;
        };
        for attr in take(&mut other.attrs, "assigns") {
            marked = true;
            if attr.meta.require_path_only().is_err() {
                errors.at(&attr, "`#[assigns]` takes no arguments: it stands on the state's type");
            }
            match (other.declared_type(), &found) {
                (None, _) => errors.at(attr, "`#[assigns]` goes on a `struct` or `enum`"),
                (Some((name, true)), _) => {
                    let macro_name = home.name();
                    errors.at(
                        &name,
                        format!(
                            "the state of a module cannot be generic: \
                             put `#[{macro_name}(..)]` on an `impl<..> {name}<..>` block instead"
                        ),
                    );
                }
                (Some((second, _)), Some(first)) => {
                    errors.at(second, "a module has one `#[assigns]` type");
                    errors.at(first, "the first `#[assigns]` type is this");
                }
                (Some((name, false)), None) => found = Some(name),
            }
        }
    }
    if !marked && !conditional_state(item, errors) && !misspelt_state(item, errors) {
        errors.at(item.title(), "mark the type holding this module's state with `#[assigns]`");
    }
    let ty = found?;
    Some(State { ty: parse_quote!(#ty), generics: Generics::default() })
}
