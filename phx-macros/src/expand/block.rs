//! Around the generated impls.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::Path;

use crate::model::Common;

/// Puts generated impls into a block of their own, out of the way of the user's names.
///
/// Callbacks that the application calls deprecated are called all the same.
pub(crate) fn block(
    runtime: Option<&Path>,
    common: Option<&Common>,
    impls: &TokenStream,
) -> TokenStream {
    let calls_deprecated = common.is_some_and(Common::has_deprecated);
    let allow = calls_deprecated.then(|| code!(#[allow(deprecated)]));
    let runtime = runtime.map_or_else(|| code!(::phx_runtime), ToTokens::to_token_stream);
    code! {
        #allow
        const _: () = {
            use #runtime::__private as _phx;
            #impls
        };
    }
}

/// Mentions the attributes where they were written, so that an editor shows what they do.
pub(super) fn mentions<'a>(marks: impl Iterator<Item = &'a Ident>) -> TokenStream {
    let marks: Vec<_> = marks.collect();
    if marks.is_empty() {
        return TokenStream::new();
    }
    code! {
        #[allow(unused_imports)]
        use _phx::{#(#marks as _),*};
    }
}
