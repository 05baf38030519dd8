//! `#[channel("room:{room_id}", log_join = "debug")]`.

use proc_macro2::{Span, TokenStream};
use syn::{Expr, ExprLit, Lit, LitStr, Type, parse::ParseStream};

use super::{
    keys::CHANNEL,
    list::{Argument, arguments, is_constant, list_of, separated},
    runtime::runtime,
    settings::settings,
    value::Setting,
};
use crate::{diag::Errors, pattern::Pattern};

pub(crate) struct ChannelArgs {
    pub(crate) patterns: Vec<Pattern>,
    /// The typed events that the channel sends.
    pub(crate) sends: Vec<Type>,
    pub(crate) settings: Vec<Setting>,
    /// The runtime's path, if the application has it under another name.
    pub(crate) runtime: Option<syn::Path>,
}

impl ChannelArgs {
    pub(crate) fn read(tokens: TokenStream, errors: &Errors) -> Self {
        let mut list = arguments(tokens, usage, errors);
        let runtime = runtime(&mut list, errors);
        let mut patterns = Vec::new();
        let mut topics = 0;
        list.retain(|argument| {
            let Some(text) = named_pattern(argument) else { return true };
            topics += 1;
            let message = format!("the pattern needs no name: `#[channel({})]`", list_of(&[text]));
            errors.span(argument.span(), message);
            false
        });
        list.retain(|argument| {
            let Argument::Text(text) = argument else {
                return true;
            };
            topics += 1;
            patterns.extend(Pattern::read(text.clone(), errors));
            false
        });
        let sends = take_sends(&mut list, errors);
        if topics == 0 && errors.is_empty() {
            if let Some(Argument::Other(literal)) = list.first() {
                errors.span(literal.span(), "a pattern is a string: `#[channel(\"room:*\")]`");
                list.retain(|argument| !matches!(argument, Argument::Other(_)));
                return Self { patterns, sends, settings: Vec::new(), runtime };
            }
            let word = match list.first() {
                Some(Argument::Word(word)) if !is_constant(word) => word.to_string(),
                _ => "room:*".to_owned(),
            };
            let message = format!("a channel needs a topic pattern: `#[channel(\"{word}\")]`");
            errors.span(list.first().map_or_else(Span::call_site, Argument::span), message);
            // Words without quotes were meant as patterns.
            list.retain(|argument| !matches!(argument, Argument::Word(_)));
        }
        Self { patterns, sends, settings: settings("channel", CHANNEL, &list, errors), runtime }
    }
}

/// Takes `sends(NewMsg, Typing)` out of a list.
fn take_sends(list: &mut Vec<Argument>, errors: &Errors) -> Vec<Type> {
    let mut types = Vec::new();
    list.retain(|argument| {
        let (Argument::Word(key) | Argument::Setting(key, _) | Argument::Group(key, _)) = argument
        else {
            return true;
        };
        if key != "sends" {
            return true;
        }
        match argument {
            Argument::Group(_, tokens) if !tokens.is_empty() => {
                let entry = |input: ParseStream<'_>| {
                    if let Ok(text) = input.parse::<LitStr>() {
                        return Err(syn::Error::new(text.span(), of_name(&text)));
                    }
                    input.parse::<Type>().map(Some)
                };
                types.extend(separated(tokens.clone(), entry, |_| SENDS.to_owned(), errors));
            }
            _ => errors.at(key, SENDS),
        }
        false
    });
    types
}

const SENDS: &str =
    "expected the types of the events that the channel sends: `sends(NewMsg, Typing)`";

fn of_name(text: &LitStr) -> String {
    let name = text.value();
    let ty: String = name.split(['_', '-', ':']).map(capitalized).collect();
    format!(
        "`sends(..)` lists types: declare `#[event(\"{name}\")] struct {ty} {{ .. }}`, and list `{ty}`"
    )
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn usage(texts: &[LitStr]) -> String {
    match texts {
        [] => "expected topic patterns and options: `#[channel(\"room:*\")]`".to_owned(),
        [_] => format!("a pattern is a string and no more: `#[channel({})]`", list_of(texts)),
        _ => format!("commas separate a channel's patterns: `#[channel({})]`", list_of(texts)),
    }
}

/// `topic = "room:*"`, which other frameworks' attributes have.
fn named_pattern(argument: &Argument) -> Option<LitStr> {
    let Argument::Setting(key, Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) = argument else {
        return None;
    };
    ["topic", "topics", "pattern", "name", "path"].iter().any(|it| key == it).then(|| text.clone())
}
