//! `#[test(memory, websocket, longpoll)]`.

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Expr, ExprLit, Lit, LitBool, LitStr};

use super::{
    list::{Argument, arguments},
    runtime::runtime,
};
use crate::diag::{Errors, nearest, one_of};

/// What the attribute calls a transport, and what the runtime does.
const TRANSPORTS: [(&str, &str); 3] =
    [("memory", "Memory"), ("websocket", "WebSocket"), ("longpoll", "LongPoll")];

#[derive(Default)]
pub(crate) struct TestArgs {
    pub(crate) transports: Vec<Transport>,
    /// Whether the clock is paused; it is unless this says something else.
    pub(crate) start_paused: Option<LitBool>,
    pub(crate) runtime: Option<syn::Path>,
}

/// A transport, as it is written and as the runtime has it.
pub(crate) struct Transport {
    pub(crate) word: Ident,
    pub(crate) variant: Ident,
}

impl TestArgs {
    pub(crate) fn read(tokens: TokenStream, errors: &Errors) -> Self {
        let mut list = arguments(tokens, usage, errors);
        let mut args = Self { runtime: runtime(&mut list, errors), ..Self::default() };
        for argument in &list {
            match argument {
                Argument::Word(word) => args.transport(word, errors),
                Argument::Setting(key, value) if key == "start_paused" => {
                    args.pause(key, value, errors);
                }
                Argument::Setting(key, _) => errors.at(
                    key,
                    format!("there is no option `{key}`: there are `start_paused` and `crate`"),
                ),
                Argument::Text(text) => errors.at(
                    text,
                    format!("transports are words: write `{}` without quotes", text.value()),
                ),
                Argument::Group(name, _) => errors.at(
                    name,
                    format!("a test takes transports without options, which the socket has: write `{name}`"),
                ),
                Argument::Other(_) => errors.span(argument.span(), usage(&[])),
            }
        }
        if args.transports.is_empty() && errors.is_empty() {
            errors.span(Span::call_site(), usage(&[]));
        }
        args
    }

    fn transport(&mut self, word: &Ident, errors: &Errors) {
        let name = word.to_string();
        let known = TRANSPORTS.map(|(name, _)| name);
        let Some((_, variant)) = TRANSPORTS.iter().find(|(known, _)| *known == name) else {
            let meant = nearest(&name.to_lowercase(), known);
            let hint = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("there are {}", one_of(known)),
            };
            errors.at(word, format!("there is no transport `{name}`: {hint}"));
            return;
        };
        if self.transports.iter().any(|transport| transport.word == name) {
            errors.at(word, format!("`{name}` is there twice: one test is made for each"));
            return;
        }
        let variant = Ident::new(variant, word.span());
        self.transports.push(Transport { word: word.clone(), variant });
    }

    fn pause(&mut self, key: &Ident, value: &Expr, errors: &Errors) {
        match value {
            _ if self.start_paused.is_some() => errors.at(key, "`start_paused` is set twice"),
            Expr::Lit(ExprLit { lit: Lit::Bool(value), .. }) => {
                self.start_paused = Some(value.clone());
            }
            _ => errors.at(value, "`start_paused` is `true`, as it is by default, or `false`"),
        }
    }
}

fn usage(_: &[LitStr]) -> String {
    "expected the transports to test over: `#[testing::test(memory, websocket, longpoll)]`"
        .to_owned()
}
