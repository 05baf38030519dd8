//! `#[event("new_msg")]`.

use proc_macro2::{Ident, Span, TokenStream};
use syn::LitStr;

use super::{
    events::event,
    list::{Argument, arguments, list_of},
    runtime::runtime,
};
use crate::diag::Errors;

pub(crate) struct EventArgs {
    pub(crate) name: Option<LitStr>,
    pub(crate) runtime: Option<syn::Path>,
}

impl EventArgs {
    pub(crate) fn read(tokens: TokenStream, errors: &Errors) -> Self {
        let mut list = arguments(tokens, usage, errors);
        let runtime = runtime(&mut list, errors);
        let mut name = None;
        for argument in &list {
            match argument {
                Argument::Text(text) if name.is_none() => {
                    event(text, &Ident::new("event", Span::call_site()), errors);
                    name = Some(text.clone());
                }
                Argument::Text(text) => {
                    errors.at(text, "a type is one event: another name needs a type of its own");
                }
                other => errors
                    .span(other.span(), "an event's name is a string: `#[event(\"new_msg\")]`"),
            }
        }
        if list.is_empty() && errors.is_empty() {
            errors.span(Span::call_site(), usage(&[]));
        }
        Self { name, runtime }
    }
}

fn usage(texts: &[LitStr]) -> String {
    match texts {
        [] => "expected the event's name: `#[event(\"new_msg\")]`".to_owned(),
        [first, ..] => {
            format!(
                "an event's name is a string and no more: `#[event({})]`",
                list_of(std::slice::from_ref(first))
            )
        }
    }
}
