//! Everything that `#[event]` generates.

use proc_macro2::{Ident, TokenStream};
use syn::Generics;

use super::block::block;
use crate::args::EventArgs;

pub(crate) fn event(args: &EventArgs, ty: &Ident, generics: &Generics) -> TokenStream {
    let Some(name) = &args.name else { return TokenStream::new() };
    let mut generics = generics.clone();
    if generics.type_params().next().is_some() {
        let (_, arguments, _) = generics.split_for_impl();
        // What its parameters have to be is said where the payload is made, by what it derives.
        let whole = syn::parse_quote!(#ty #arguments: _phx::ToPayload);
        generics.make_where_clause().predicates.push(whole);
    }
    let (params, arguments, clause) = generics.split_for_impl();
    let implementation = code! {
        #[automatically_derived]
        impl #params _phx::TypedEvent for #ty #arguments #clause {
            const NAME: &'static str = #name;
        }
    };
    block(args.runtime.as_ref(), None, &implementation)
}
