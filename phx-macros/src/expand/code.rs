//! Code that nobody wrote, and where it stands.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
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
    let (start, end) = corners(written);
    (blame(start), blame(end))
}

/// The same places, resolved as what the user wrote: the compiler does not mention the macro there.
fn corners(written: impl ToTokens) -> (Span, Span) {
    let tokens: Vec<_> = written.into_token_stream().into_iter().collect();
    let span = |token: Option<&TokenTree>| token.map_or_else(Span::mixed_site, TokenTree::span);
    let (first, last) = (span(tokens.first()), span(tokens.last()));
    // Outside of a compiler places have no edges.
    let edge = |span: Span, edge: fn(&proc_macro::Span) -> proc_macro::Span| {
        if proc_macro::is_available() { edge(&span.unwrap()).into() } else { span }
    };
    (edge(first, proc_macro::Span::start), edge(last, proc_macro::Span::end))
}

/// The place of a token of the user's, resolved as the macro's own: errors point there, and lints
/// know that nobody wrote this.
pub(super) fn blame(span: Span) -> Span {
    span.resolved_at(Span::mixed_site())
}

/// Generated code over all of what the user wrote, as if it were that: for the compiler, and not for an editor.
pub(super) fn placed(tokens: TokenStream, written: impl ToTokens) -> TokenStream {
    let (start, end) = corners(written);
    let mut trees = tokens.into_iter();
    let first = trees.next().map(|tree| moved(tree, start));
    first.into_iter().chain(trees.map(|tree| moved(tree, end))).collect()
}

/// The same, where it says nothing but where it is.
pub(super) fn at_start(tokens: TokenStream, written: impl ToTokens) -> TokenStream {
    let start = start(written);
    tokens.into_iter().map(|tree| moved(tree, start)).collect()
}

/// The place right before what the user wrote.
pub(super) fn start(written: impl ToTokens) -> Span {
    corners(written).0
}

fn moved(tree: TokenTree, place: Span) -> TokenTree {
    let mut tree = match tree {
        TokenTree::Group(group) => {
            let content = group.stream().into_iter().map(|tree| moved(tree, place)).collect();
            TokenTree::Group(Group::new(group.delimiter(), content))
        }
        tree => tree,
    };
    tree.set_span(place);
    tree
}
