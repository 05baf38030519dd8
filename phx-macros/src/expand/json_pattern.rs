//! `{ "name": "Ann", "at": _ }`, as tests write what they expect.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use crate::syntax::is_spelt_as_type;

/// The call of `json!` that makes the pattern; `tokens` begin with the runtime's path and a comma.
pub(crate) fn json_pattern(tokens: TokenStream) -> TokenStream {
    let mut trees = tokens.into_iter();
    let runtime: TokenStream = trees.by_ref().take_while(|tree| !is(tree, ',')).collect();
    let pattern: Vec<_> = trees.collect();
    if let Some((span, message)) = mistake(&pattern, None) {
        return quote_spanned!(span=> ::core::compile_error!(#message));
    }
    let pattern = with_anything(pattern.into_iter().collect(), &runtime);
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

/// What patterns of other languages have and JSON has not: where it stands, and what to write instead. Some of
/// it would compile and compare with what nobody sends.
fn mistake(trees: &[TokenTree], within: Option<Delimiter>) -> Option<(Span, &'static str)> {
    for (at, tree) in trees.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &trees[before]);
        let starts = before.is_none_or(|before| is(before, ',') || is(before, ':'));
        let found = match tree {
            TokenTree::Group(group) => match (group.delimiter(), before) {
                (Delimiter::Brace, Some(TokenTree::Ident(name)))
                    if is_spelt_as_type(&name.to_string()) =>
                {
                    Some((name.span(), "this is compared as JSON: `{ \"body\": _ }`"))
                }
                // What is indexed or called is an expression.
                (Delimiter::Brace | Delimiter::Bracket, _) if starts => {
                    let inner: Vec<_> = group.stream().into_iter().collect();
                    mistake(&inner, Some(group.delimiter()))
                }
                _ => None,
            },
            TokenTree::Punct(punct) => match punct.as_char() {
                '.' if trees.get(at + 1).is_some_and(|next| is(next, '.')) => {
                    Some((punct.span(), dots(starts, within)))
                }
                '>' | '<' if starts => Some((punct.span(), COMPARED)),
                '%' if starts => Some((punct.span(), "an object is written `{ \"name\": value }`")),
                _ => None,
            },
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

const COMPARED: &str = "a value is compared as it is, and `_` stands for any: look at the payload that is returned, \
                        or declare a typed event, whose pattern is one of Rust";

fn dots(starts: bool, within: Option<Delimiter>) -> &'static str {
    match within {
        Some(Delimiter::Brace) if starts => {
            "the payload may have more fields than those that are named: leave `..` out"
        }
        Some(Delimiter::Bracket) if starts => {
            "an array is compared as a whole: `_` stands for one of its values"
        }
        _ => COMPARED,
    }
}

fn is(tree: &TokenTree, sign: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == sign)
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::json_pattern;

    #[test]
    fn what_json_does_not_have_is_told() {
        for (pattern, part) in [
            (quote!({ "a": 1..=3 }), "as it is"),
            (quote!({ "a": > 3 }), "as it is"),
            (quote!({ "a": 1, .. }), "leave `..` out"),
            (quote!({ "a": [1, ..] }), "as a whole"),
            (quote!(%{ "a" => 1 }), "`{ \"name\": value }`"),
            (quote!(Msg { body: _ }), "as JSON"),
        ] {
            let made = json_pattern(quote!(phx, #pattern)).to_string();
            assert!(
                made.contains("compile_error") && made.contains(&part.escape_default().to_string()),
                "{made}"
            );
        }
        for pattern in [
            quote!({ "a": _, key: [_, 1], "b": text[..3], "c": f(1..2) }),
            quote!([{ "a": 1.5 }, _]),
            quote!(json!({ "a": [1] })),
            quote!(_),
        ] {
            let made = json_pattern(quote!(phx, #pattern)).to_string();
            assert!(!made.contains("compile_error"), "{made}");
        }
    }
}
