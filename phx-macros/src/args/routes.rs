//! `#[channels(LobbyChannel, "admin:*" => RoomChannel)]`.

use proc_macro2::TokenStream;
use syn::{LitStr, Token, Type, parse::ParseStream};

use super::list::separated;
use crate::{diag::Errors, pattern::Pattern};

/// One entry of the routing table.
pub(crate) struct RouteArg {
    /// The pattern that replaces those of the channel.
    pub(crate) pattern: Option<Pattern>,
    pub(crate) channel: Type,
}

impl RouteArg {
    pub(crate) fn read(tokens: TokenStream, errors: &Errors) -> Vec<Self> {
        separated(tokens, |input| entry(input, errors), errors)
    }
}

fn entry(input: ParseStream<'_>, errors: &Errors) -> syn::Result<RouteArg> {
    let mut pattern = None;
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        if !input.peek(Token![=>]) {
            let message = format!("expected a channel: `\"{}\" => RoomChannel`", text.value());
            return Err(syn::Error::new(text.span(), message));
        }
        input.parse::<Token![=>]>()?;
        pattern = Pattern::read(text, errors);
    }
    Ok(RouteArg { pattern, channel: input.parse()? })
}
