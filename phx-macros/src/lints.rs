//! Lints that would make the author of a callback change what phx demands.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::{FnArg, Pat};

use crate::{
    model::{Callback, Receiver},
    syntax::reference,
};

/// Allows what clippy's pedantic lints say of this shape of callback, used or not.
pub(crate) fn allow(callback: &Callback) -> TokenStream {
    let lints: &[(bool, &str)] = if callback.sig.asyncness.is_some() {
        // Whatever it does with its arguments, its future has kept them.
        &[(true, "unused_async")]
    } else {
        &[
            (callback.sig.receiver().is_some(), "unused_self"),
            (takes_values(callback), "needless_pass_by_value"),
            (takes_shared(callback), "trivially_copy_pass_by_ref"),
            (callback.role.makes_state(), "unnecessary_wraps"),
        ]
    };
    let lints = lints.iter().filter(|(concerned, _)| *concerned);
    let lints = lints.map(|(_, name)| Ident::new(name, Span::mixed_site()));
    let span = Span::mixed_site();
    quote_spanned!(span=> #(#[allow(clippy::#lints)])*)
}

fn takes_values(callback: &Callback) -> bool {
    callback.sig.inputs.iter().any(|input| match input {
        FnArg::Typed(input) => {
            reference(&input.ty).is_none() && !matches!(*input.pat, Pat::Wild(_))
        }
        FnArg::Receiver(_) => false,
    })
}

fn takes_shared(callback: &Callback) -> bool {
    let mut references = callback.arguments.iter().filter_map(|it| reference(&it.ty));
    matches!(callback.receiver, Receiver::Borrowed { exclusive: false, .. })
        || references.any(|reference| reference.mutability.is_none())
}
