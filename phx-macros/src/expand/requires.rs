//! Telling the endpoint, while it is built, which application state the callbacks need.

use proc_macro2::TokenStream;

use super::argument;
use crate::{
    model::{ArgumentRole, Callback, State},
    syntax::reference,
};

/// The method `name` with a line for each context argument of `callbacks`, if there are any.
pub(super) fn requires<'a>(
    name: &str,
    state: &State,
    callbacks: impl Iterator<Item = &'a Callback>,
) -> Option<TokenStream> {
    let method = syn::Ident::new(name, proc_macro2::Span::mixed_site());
    let needs: Vec<_> = callbacks.flat_map(|callback| needs(state, callback)).collect();
    (!needs.is_empty()).then(|| {
        code! {
            fn #method(requirements: &mut _phx::Requirements) {
                #(#needs)*
            }
        }
    })
}

fn needs(state: &State, callback: &Callback) -> Vec<TokenStream> {
    let function = callback.sig.ident.to_string();
    let handler = format!("{}::{function}", state.name());
    // A reference points into the context that it is found in, which holds no state.
    let contexts = callback.arguments.iter().filter(|argument| {
        argument.role == ArgumentRole::Context && reference(&argument.ty).is_none()
    });
    contexts
        .map(|argument| {
            let (cfgs, requires) =
                (&callback.cfgs, argument::requires(callback, argument, &handler));
            code!(#(#cfgs)* #requires)
        })
        .collect()
}
