//! `#[channel("room:{room_id}", log_join = "debug")]`.

use proc_macro2::{Span, TokenStream};

use super::{
    keys::{CHANNEL, Setting, settings},
    list::{Argument, arguments},
    runtime::runtime,
};
use crate::{diag::Errors, pattern::Pattern};

pub(crate) struct ChannelArgs {
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) settings: Vec<Setting>,
    /// The runtime's path, if the application has it under another name.
    pub(crate) runtime: Option<syn::Path>,
}

impl ChannelArgs {
    pub(crate) fn read(tokens: TokenStream, errors: &Errors) -> Self {
        let unreadable = !errors.is_empty();
        let mut list = arguments(tokens, errors);
        let runtime = runtime("channel", &mut list, errors);
        let mut patterns = Vec::new();
        let mut topics = 0;
        list.retain(|argument| {
            let Argument::Text(text) = argument else {
                return true;
            };
            topics += 1;
            patterns.extend(Pattern::read(text.clone(), errors));
            false
        });
        if topics == 0 && !unreadable && errors.is_empty() {
            let message = "a channel needs a topic pattern: `#[channel(\"room:*\")]`";
            errors.span(list.first().map_or_else(Span::call_site, Argument::span), message);
            // Words without quotes were meant as patterns.
            list.retain(|argument| !matches!(argument, Argument::Word(_)));
        }
        Self { patterns, settings: settings("channel", CHANNEL, &list, errors), runtime }
    }
}
