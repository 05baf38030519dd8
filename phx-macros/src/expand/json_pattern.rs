//! `{ "name": "Ann", "at": _ }`, as tests write what they expect.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::quote;

/// The call of `json!` that makes the pattern; `tokens` begin with the runtime's path and a comma.
pub(crate) fn json_pattern(tokens: TokenStream) -> TokenStream {
    let mut trees = tokens.into_iter();
    let is_comma =
        |tree: &TokenTree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ',');
    let runtime: TokenStream = trees.by_ref().take_while(|tree| !is_comma(tree)).collect();
    let pattern = with_anything(trees.collect(), &runtime);
    quote!(#runtime::json!(#pattern))
}

fn with_anything(pattern: TokenStream, runtime: &TokenStream) -> TokenStream {
    let replaced = pattern.into_iter().map(|tree| match tree {
        TokenTree::Ident(word) if word == "_" => quote!((#runtime::testing::ANYTHING)),
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), with_anything(group.stream(), runtime));
            inner.set_span(group.span());
            TokenTree::Group(inner).into()
        }
        tree => tree.into(),
    });
    replaced.collect()
}
