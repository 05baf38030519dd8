//! `RoomChannel::topic(room_id)`: topics that cannot be misspelt.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;

use super::code::blame;
use crate::{
    model::{ArgumentRole, Callback, Channel, State},
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
    let params = arguments.iter().map(|argument| {
        let (name, ty) = (&argument.local, &argument.ty);
        // What borrows is refused, and could not be repeated here.
        let ty = match reference(ty) {
            Some(_) => code!(_phx::String),
            None => ty.to_token_stream(),
        };
        code!(#name: impl _phx::TopicPart<#ty>)
    });
    let names = arguments.iter().map(|argument| &argument.local);
    let text = match (&pattern.format_string(), &arguments[..]) {
        (text, []) => code!(#text),
        (format, _) => code!(::std::format!(#format, #(#names),*)),
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
            #[allow(dead_code, private_bounds)]
            pub fn #topic(#(#params),*) -> _phx::Topic {
                _phx::topic(#text)
            }
        }
    })
}
