//! A list such as `"/socket", websocket(timeout = "60s"), max_channels = 5`, before any of its
//! words means something.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::{
    Expr, Lit, LitStr, Token,
    ext::IdentExt,
    parenthesized,
    parse::{ParseStream, Parser},
    spanned::Spanned,
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

    /// Whether it is an option of this name, whatever its value is.
    pub(super) fn is_key(&self, name: &str) -> bool {
        match self {
            Self::Word(key) | Self::Setting(key, _) | Self::Group(key, _) => key == name,
            _ => false,
        }
    }

    /// The place of the value, where it is an expression.
    pub(super) fn value_span(&self) -> Span {
        match self {
            Self::Setting(_, value) => value.span(),
            _ => self.span(),
        }
    }
}

/// Reads a list; an entry that cannot be read is reported, with `explain`, and left out.
pub(crate) fn arguments(
    tokens: TokenStream,
    explain: impl Fn(&[LitStr]) -> String,
    errors: &Errors,
) -> Vec<Argument> {
    separated(tokens, argument, explain, errors)
}

/// What to say about an entry of a list of options.
pub(crate) fn options(_: &[LitStr]) -> String {
    "expected commas between options and nothing else: `key = value, other(..)`".to_owned()
}

/// Reads what commas separate, each entry with `entry`; a mistake costs one entry, not the list.
/// `explain` says what to write instead of an entry of an unknown shape, given the strings in it.
pub(crate) fn separated<T>(
    tokens: TokenStream,
    entry: impl Fn(ParseStream<'_>) -> syn::Result<Option<T>>,
    explain: impl Fn(&[LitStr]) -> String,
    errors: &Errors,
) -> Vec<T> {
    let parser = |input: ParseStream<'_>| {
        let mut all = Vec::new();
        while !input.is_empty() {
            let start = input.fork();
            match entry(input) {
                Ok(Some(entry)) if input.is_empty() || input.peek(Token![,]) => all.push(entry),
                Err(error) => {
                    errors.push(error);
                    skip(input)?;
                }
                Ok(_) => {
                    let place = input.span();
                    skip(input)?;
                    let mut entry = Vec::new();
                    while !start.is_empty() && !start.peek(Token![,]) {
                        entry.push(start.parse()?);
                    }
                    match misjoined(&entry) {
                        Some((place, message)) => errors.span(place, message),
                        None => errors.span(place, explain(&strings(entry))),
                    }
                }
            }
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(all)
    };
    errors.ok(parser.parse2(tokens)).unwrap_or_default()
}

/// What to say of two parts that do not belong together in an entry, and where.
fn misjoined(entry: &[TokenTree]) -> Option<(Span, String)> {
    let is = |at: usize, sign: char| matches!(entry.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
    match entry {
        [TokenTree::Ident(key), TokenTree::Punct(colon), rest @ ..]
            if colon.as_char() == ':'
                && !is(2, ':')
                && !rest.is_empty()
                && !["websocket", "longpoll"].iter().any(|transport| key == transport) =>
        {
            let value: TokenStream = rest.iter().cloned().collect();
            let message = format!("an option is written with `=`: `{key} = {value}`");
            Some((colon.span(), message))
        }
        [TokenTree::Literal(text), TokenTree::Ident(key), ..]
            if is(2, '=') || matches!(entry.get(2), Some(TokenTree::Group(_))) =>
        {
            Some((key.span(), format!("a comma is missing between `{text}` and `{key}`")))
        }
        [TokenTree::Literal(text), signs @ .., TokenTree::Ident(name)]
            if !signs.is_empty()
                && signs.iter().all(|tree| matches!(tree, TokenTree::Punct(sign) if "<>+.".contains(sign.as_char()))) =>
        {
            let text = text.to_string();
            let text = text.trim_matches('"');
            let message = format!(
                "an attribute joins no strings: a topic parameter stands in the pattern, \"{text}{{{name}}}\""
            );
            Some((signs[0].span(), message))
        }
        _ => None,
    }
}

/// Goes on to the next comma.
fn skip(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// The strings in an entry, unless something is made of them.
pub(crate) fn strings(entry: impl IntoIterator<Item = TokenTree>) -> Vec<LitStr> {
    let mut found = Vec::new();
    for tree in entry {
        match tree {
            TokenTree::Group(group) => found.extend(strings(group.stream())),
            TokenTree::Literal(literal) => {
                if let Lit::Str(text) = Lit::new(literal) {
                    found.push(text);
                }
            }
            TokenTree::Punct(punct) if ['!', '+', '.'].contains(&punct.as_char()) => {
                return Vec::new();
            }
            _ => {}
        }
    }
    found
}

/// `"a", "b"`, as `texts` would be written in a list.
pub(crate) fn list_of(texts: &[LitStr]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| text.token().to_string()).collect();
    texts.join(", ")
}

/// Whether a word is spelt as constants are.
pub(super) fn is_constant(word: &Ident) -> bool {
    word.to_string().chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// Reads an entry, or nothing if its shape is unknown.
fn argument(input: ParseStream<'_>) -> syn::Result<Option<Argument>> {
    if input.peek(LitStr) {
        return input.parse().map(Argument::Text).map(Some);
    }
    if input.peek(Lit) {
        return input.parse().map(Argument::Other).map(Some);
    }
    if !input.peek(Ident::peek_any) {
        return Ok(None);
    }
    let name = input.call(Ident::parse_any)?;
    if input.peek(Token![!]) {
        let message = format!(
            "an attribute sees `{name}!` as it is written, not what it makes: write the string itself"
        );
        return Err(syn::Error::new(name.span(), message));
    }
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        if input.is_empty() || input.peek(Token![,]) {
            return Err(syn::Error::new(name.span(), format!("`{name} =` lacks a value")));
        }
        return input.parse().map(|value| Some(Argument::Setting(name, value)));
    }
    if input.peek(Paren) {
        let content;
        parenthesized!(content in input);
        return content.parse().map(|tokens| Some(Argument::Group(name, tokens)));
    }
    Ok(Some(Argument::Word(name)))
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::{Argument, arguments, list_of};
    use crate::diag::Errors;

    #[test]
    fn every_kind_of_entry_is_told_apart() {
        let errors = Errors::new();
        let list =
            arguments(quote!("/s", websocket, crate = a::b, longpoll(x = 1), 5,), list_of, &errors);
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
        let list = arguments(quote!("a" | ["b"], =, timeout =, websocket), list_of, &errors);
        assert_eq!(list.len(), 1);
        assert_eq!(errors.messages(), [r#""a", "b""#, "", "`timeout =` lacks a value"]);
    }
}
