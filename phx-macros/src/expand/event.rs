//! Everything that `#[event]` generates.

use proc_macro2::{Ident, TokenStream};
use syn::Generics;

use super::block::block;
use crate::args::EventArgs;

pub(crate) fn event(args: &EventArgs, ty: &Ident, generics: &Generics) -> TokenStream {
    let Some(name) = &args.name else { return TokenStream::new() };
    let (params, arguments, clause) = generics.split_for_impl();
    let implementation = code! {
        #[automatically_derived]
        impl #params _phx::TypedEvent for #ty #arguments #clause {
            const NAME: &'static str = #name;
        }
    };
    block(args.runtime.as_ref(), None, &implementation)
}
