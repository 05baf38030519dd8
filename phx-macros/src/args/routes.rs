//! `#[channels(LobbyChannel, "admin:*" => RoomChannel)]`.

use proc_macro2::{TokenStream, TokenTree};
use syn::{LitStr, Token, Type, parse::ParseStream, token::Bracket};

use super::list::separated;
use crate::{diag::Errors, pattern::Pattern, syntax::spelled};

/// One entry of the routing table.
pub(crate) struct RouteArg {
    /// The pattern that replaces those of the channel.
    pub(crate) pattern: Option<Pattern>,
    pub(crate) channel: Type,
}

impl RouteArg {
    pub(crate) fn read(tokens: TokenStream, errors: &Errors) -> Vec<Self> {
        separated(tokens, |input| entry(input, errors), |_| USAGE.to_owned(), errors)
    }
}

const USAGE: &str =
    "an entry is a channel, `RoomChannel`, or a pattern and a channel, `\"room:*\" => RoomChannel`";

fn entry(input: ParseStream<'_>, errors: &Errors) -> syn::Result<Option<RouteArg>> {
    let mut pattern = None;
    if input.peek(Bracket) {
        let message =
            "list the channels without brackets: `#[channels(LobbyChannel, RoomChannel)]`";
        return Err(input.error(message));
    }
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        if !input.peek(Token![=>]) {
            return Err(lacks_channel(&text, meant(input)));
        }
        input.parse::<Token![=>]>()?;
        if input.is_empty() || input.peek(Token![,]) {
            return Err(lacks_channel(&text, None));
        }
        pattern = Pattern::read(text, errors);
    }
    let channel: Type = input.parse()?;
    if pattern.is_none() && input.peek(Token![=>]) {
        input.parse::<Token![=>]>()?;
        if let Ok(text) = input.parse::<LitStr>() {
            let message =
                format!("the pattern comes first: `\"{}\" => {}`", text.value(), spelled(&channel));
            return Err(syn::Error::new_spanned(channel, message));
        }
    }
    Ok(Some(RouteArg { pattern, channel }))
}

fn lacks_channel(pattern: &LitStr, meant: Option<String>) -> syn::Error {
    let channel = meant.unwrap_or_else(|| "RoomChannel".to_owned());
    let message = format!("expected a channel: `\"{}\" => {channel}`", pattern.value());
    syn::Error::new(pattern.span(), message)
}

/// The channel after a pattern and something else than `=>`.
fn meant(input: ParseStream<'_>) -> Option<String> {
    let ahead = input.fork();
    let is_between = ahead.peek(Token![,]) || ahead.peek(Token![=]) || ahead.peek(Token![:]);
    if !is_between {
        return None;
    }
    ahead.parse::<TokenTree>().ok()?;
    let channel: Type = ahead.parse().ok()?;
    Some(spelled(&channel))
}
