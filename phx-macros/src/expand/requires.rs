//! Telling the endpoint, while it is built, which application state the callbacks need.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Type;

use super::call::context;
use crate::model::{ArgumentRole, Callback, Common, reference};

/// The method `name` with a line for each context argument of `callbacks`, if there are any.
pub(super) fn requires<'a>(
    name: &str,
    common: &Common,
    state: &Type,
    callbacks: impl Iterator<Item = &'a Callback>,
) -> Option<TokenStream> {
    let method = syn::Ident::new(name, proc_macro2::Span::mixed_site());
    let needs: Vec<_> = callbacks.flat_map(|callback| needs(common, state, callback)).collect();
    (!needs.is_empty()).then(|| {
        code! {
            fn #method(requirements: &mut _phx::Requirements) {
                #(#needs)*
            }
        }
    })
}

fn needs(common: &Common, state: &Type, callback: &Callback) -> Vec<TokenStream> {
    let function = callback.sig.ident.to_string();
    let handler = if common.is_module && callback.role.makes_state() {
        function
    } else {
        format!("{}::{function}", short_name(state))
    };
    let source = code!(requirements.handler(#handler));
    // A reference points into the context that it is found in, which holds no state.
    let contexts = callback.arguments.iter().filter(|argument| {
        argument.role == ArgumentRole::Context && reference(&argument.ty).is_none()
    });
    contexts
        .map(|argument| {
            let (cfgs, needed) = (&callback.cfgs, context(callback, &argument.ty, &source));
            code!(#(#cfgs)* #needed;)
        })
        .collect()
}

/// `RoomChannel` for `crate::rooms::RoomChannel<T>`.
pub(super) fn short_name(ty: &Type) -> String {
    match ty {
        Type::Path(path) => crate::marks::last_segment(&path.path).map(ToString::to_string),
        Type::Group(group) => Some(short_name(&group.elem)),
        _ => None,
    }
    .unwrap_or_else(|| ty.to_token_stream().to_string())
}
