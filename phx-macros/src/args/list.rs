//! A list such as `"/socket", websocket(timeout = "60s"), max_channels = 5`, before any of its
//! words means something.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::{
    Expr, Lit, LitStr, Token,
    ext::IdentExt,
    parenthesized,
    parse::{ParseStream, Parser},
    token::Paren,
};

use crate::diag::Errors;

/// One entry of the list.
pub(crate) enum Argument {
    /// `"room:*"`
    Text(LitStr),
    /// `websocket`
    Word(Ident),
    /// `timeout = "60s"`
    Setting(Ident, Expr),
    /// `websocket(timeout = "60s")`
    Group(Ident, TokenStream),
    /// A literal that is no string.
    Other(Lit),
}

impl Argument {
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Text(text) => text.span(),
            Self::Word(name) | Self::Setting(name, _) | Self::Group(name, _) => name.span(),
            Self::Other(literal) => literal.span(),
        }
    }
}

/// Reads a list; an entry that cannot be read is reported and left out.
pub(crate) fn arguments(tokens: TokenStream, errors: &Errors) -> Vec<Argument> {
    separated(tokens, argument, errors)
}

/// Reads what commas separate, each entry with `entry`; a mistake costs one entry, not the list.
pub(crate) fn separated<T>(
    tokens: TokenStream,
    entry: impl Fn(ParseStream<'_>) -> syn::Result<T>,
    errors: &Errors,
) -> Vec<T> {
    let parser = |input: ParseStream<'_>| {
        let mut all = Vec::new();
        while !input.is_empty() {
            match entry(input) {
                Ok(entry) if input.is_empty() || input.peek(Token![,]) => all.push(entry),
                failed => {
                    errors.push(failed.err().unwrap_or_else(|| input.error("expected `,`")));
                    while !input.is_empty() && !input.peek(Token![,]) {
                        input.parse::<TokenTree>()?;
                    }
                }
            }
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(all)
    };
    errors.ok(parser.parse2(tokens)).unwrap_or_default()
}

fn argument(input: ParseStream<'_>) -> syn::Result<Argument> {
    if input.peek(LitStr) {
        return input.parse().map(Argument::Text);
    }
    if input.peek(Lit) {
        return input.parse().map(Argument::Other);
    }
    if !input.peek(Ident::peek_any) {
        return Err(input.error("expected a string or the name of an option"));
    }
    let name = input.call(Ident::parse_any)?;
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        if input.is_empty() || input.peek(Token![,]) {
            return Err(syn::Error::new(name.span(), format!("`{name} =` lacks a value")));
        }
        return input.parse().map(|value| Argument::Setting(name, value));
    }
    if input.peek(Paren) {
        let content;
        parenthesized!(content in input);
        return content.parse().map(|tokens| Argument::Group(name, tokens));
    }
    Ok(Argument::Word(name))
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::{Argument, arguments};
    use crate::diag::Errors;

    #[test]
    fn every_kind_of_entry_is_told_apart() {
        let errors = Errors::new();
        let list = arguments(quote!("/s", websocket, crate = a::b, longpoll(x = 1), 5,), &errors);
        assert!(matches!(
            &list[..],
            [
                Argument::Text(_),
                Argument::Word(_),
                Argument::Setting(..),
                Argument::Group(..),
                Argument::Other(_)
            ]
        ));
        assert!(errors.messages().is_empty());
    }

    #[test]
    fn what_follows_a_broken_entry_is_still_read() {
        let errors = Errors::new();
        let list = arguments(quote!("a" "b", =, timeout =, websocket), &errors);
        assert_eq!(list.len(), 1);
        assert_eq!(
            errors.messages(),
            [
                "expected `,`",
                "expected a string or the name of an option",
                "`timeout =` lacks a value"
            ]
        );
    }
}
