//! From a checked model to the impls that the runtime needs.
//!
//! Generated code stands in `const _`, where the runtime's support module has the short name
//! `_phx`. All of it is resolved as the macro's own ("mixed site"), so its locals and the user's
//! names cannot meet. Conversions are helpers called as `helper::<UserType>(..)`: the user's type
//! is the only thing at the user's place, so that is what the compiler blames, and what the editor
//! finds there.

/// Quotes code that nobody wrote.
macro_rules! code {
    ($($tokens:tt)*) => {
        ::quote::quote_spanned!(::proc_macro2::Span::mixed_site()=> $($tokens)*)
    };
}

mod call;
mod channel;
mod handlers;
mod join;
mod options;
mod requires;
mod socket;
mod topic;
mod types;

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::Path;

use crate::model::Common;

pub(crate) use self::{channel::channel, socket::socket, topic::topic};

/// Puts generated impls into a block of their own, out of the way of the user's names.
///
/// Callbacks that the application calls deprecated are called all the same.
pub(crate) fn block(
    runtime: Option<&Path>,
    common: Option<&Common>,
    impls: &TokenStream,
) -> TokenStream {
    let calls_deprecated = common.is_some_and(|common| common.has_deprecated);
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

/// The place of a token of the user's, resolved as the macro's own: errors point there, and lints
/// know that nobody wrote this.
fn blame(span: Span) -> Span {
    span.resolved_at(Span::mixed_site())
}

/// Mentions the attributes where they were written, so that an editor shows what they do.
fn mentions<'a>(marks: impl Iterator<Item = &'a Ident>) -> TokenStream {
    let marks: Vec<_> = marks.collect();
    if marks.is_empty() {
        return TokenStream::new();
    }
    code! {
        #[allow(unused_imports)]
        use _phx::attributes::{#(#marks as _),*};
    }
}
