//! Code that nobody wrote, and where it stands.

use proc_macro2::{Span, TokenTree};
use quote::ToTokens;

/// Quotes code that nobody wrote.
macro_rules! code {
    ($($tokens:tt)*) => {
        ::quote::quote_spanned!(::proc_macro2::Span::mixed_site()=> $($tokens)*)
    };
}

/// The places right before and right behind what the user wrote, resolved as the macro's own. Code from
/// the one to the other is at the user's place for the compiler, and is not there for an editor, which
/// would otherwise find all of it under the user's word.
pub(super) fn edges(written: impl ToTokens) -> (Span, Span) {
    let tokens: Vec<_> = written.into_token_stream().into_iter().collect();
    let span = |token: Option<&TokenTree>| token.map_or_else(Span::mixed_site, TokenTree::span);
    let (first, last) = (span(tokens.first()), span(tokens.last()));
    // Outside of a compiler places have no edges.
    let edge = |span: Span, edge: fn(&proc_macro::Span) -> proc_macro::Span| {
        if proc_macro::is_available() { blame(edge(&span.unwrap()).into()) } else { blame(span) }
    };
    (edge(first, proc_macro::Span::start), edge(last, proc_macro::Span::end))
}

/// The place of a token of the user's, resolved as the macro's own: errors point there, and lints
/// know that nobody wrote this.
pub(super) fn blame(span: Span) -> Span {
    span.resolved_at(Span::mixed_site())
}
