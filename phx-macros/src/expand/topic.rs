//! `RoomChannel::topic(room_id)`: topics that cannot be misspelt.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;

use super::code::{at_start, blame};
use crate::{
    model::{Argument, ArgumentRole, Callback, Channel, State},
    pattern::Pattern,
    syntax::reference,
};

/// The builder of the channel's first pattern, unless that is open-ended or the application has a
/// function of this name itself.
pub(crate) fn topic(channel: &Channel, state: &State, join: &Callback) -> Option<TokenStream> {
    let pattern = channel.args.patterns.first()?;
    if pattern.is_open() || channel.has_topic_function {
        return None;
    }
    let arguments: Vec<_> = pattern
        .names
        .iter()
        .filter_map(|name| {
            let role = ArgumentRole::Parameter(name.clone());
            join.arguments.iter().find(|argument| argument.role == role)
        })
        .collect();
    if arguments.len() != pattern.names.len() {
        return None;
    }
    let as_declared: Option<Vec<Ident>> = arguments
        .iter()
        .zip(&pattern.names)
        .map(|(argument, name)| as_in(pattern, argument, name))
        .collect();
    let params = arguments.iter().enumerate().map(|(at, argument)| {
        let name = as_declared.as_ref().map_or(&argument.local, |declared| &declared[at]);
        let ty = &argument.ty;
        // What borrows is refused, and could not be repeated here.
        let ty = match reference(ty) {
            Some(_) => code!(_phx::String),
            None => ty.to_token_stream(),
        };
        let part = at_start(code!(impl _phx::TopicPart<#ty>), &argument.ty);
        code!(#name: #part)
    });
    let names = arguments.iter().map(|argument| &argument.local);
    let literal = &pattern.literal;
    let text = match (&pattern.format_string(), &arguments[..], &as_declared) {
        (text, [], _) => code!(#text),
        // The pattern as the user wrote it is a format string with names in it, which an editor renames.
        (_, _, Some(_)) => code!(::std::format!(#literal)),
        (format, _, None) => code!(::std::format!(#format, #(#names),*)),
    };
    let doc = format!("The topic `{}`.", pattern.text);
    // Who asks where the function is, is led to the pattern.
    let topic = Ident::new("topic", blame(pattern.literal.span()));
    let (generics, ty, cfgs) = (&state.generics, &state.ty, &join.cfgs);
    let (impl_params, _, clause) = generics.split_for_impl();
    Some(code! {
        #(#cfgs)*
        impl #impl_params #ty #clause {
            #[doc = #doc]
            #[allow(dead_code, private_bounds, unused_qualifications)]
            pub fn #topic(#(#params),*) -> _phx::Topic {
                _phx::topic(#text)
            }
        }
    })
}

/// The name of an argument where it is declared, resolved as the pattern is, whichever macro each is from; if it is
/// the parameter's as the pattern has it: not `_name`, and no `r#name`.
fn as_in(pattern: &Pattern, argument: &Argument, name: &str) -> Option<Ident> {
    let written = argument.written.as_ref().filter(|written| *written == name)?;
    Some(Ident::new(name, written.span().resolved_at(pattern.literal.span())))
}
