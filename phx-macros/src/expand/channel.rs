//! Everything that `#[channel]` generates.

use proc_macro2::TokenStream;

use super::{
    block::{block, mentions},
    handlers,
    join::join,
    options::chain,
    requires::requires,
    topic::topic,
};
use crate::{
    marks::Role,
    model::{Channel, State},
};

pub(crate) fn channel(channel: &Channel) -> TokenStream {
    let Some(state) = &channel.common.state else {
        return TokenStream::new();
    };
    let implementation = implementation(channel, state);
    let joins = channel.common.callbacks(Role::Join);
    let topics = joins.clone().map(|callback| topic(channel, state, callback));
    let joins = joins.map(|callback| join(&channel.common, state, callback));
    let infos = handlers::handles_info(&channel.common, state);
    let mentions = mentions(channel.common.callbacks.iter().map(|callback| &callback.mark));
    let impls = code!(#(#topics)* #implementation #(#infos)* #(#joins)* #mentions);
    block(channel.args.runtime.as_ref(), Some(&channel.common), &impls)
}

fn implementation(channel: &Channel, state: &State) -> TokenStream {
    let Channel { args, common, .. } = channel;
    let (params, _, clause) = state.generics.split_for_impl();
    let ty = &state.ty;
    let patterns = args.patterns.iter().map(|pattern| &pattern.literal);
    let intercepted = handlers::intercepted(common);
    let intercepts = (!intercepted.is_empty())
        .then(|| code!(const INTERCEPTS: &'static [&'static str] = &[#(#intercepted),*];));
    let sent = args.sends.iter().map(|event| code!(<#event as _phx::ListedEvent>::NAME));
    let sends = (!args.sends.is_empty())
        .then(|| code!(const SENDS: &'static [&'static str] = &[#(#sent),*];));
    let rates = handlers::rates(common);
    let options = (!args.settings.is_empty() || !rates.is_empty()).then(|| {
        let options = chain(code!(_phx::ChannelOptions::new()), &args.settings);
        let made = if rates.is_empty() {
            options
        } else {
            code!(let options = #options; #(#rates)* options)
        };
        code!(fn options() -> _phx::ChannelOptions { #made })
    });
    let called = common.callbacks.iter().filter(|callback| callback.role != Role::Join);
    let requires = requires("requires", state, called);
    let handle_in = handlers::handle_in(common);
    let handle_out = handlers::handle_out(common);
    let handle_info = handlers::handle_info(common);
    let terminate = handlers::terminate(common);
    code! {
        #[automatically_derived]
        impl #params _phx::Channel for #ty #clause {
            const PATTERNS: &'static [_phx::Pattern] = &[#(_phx::Pattern::new(#patterns)),*];
            #intercepts
            #sends
            #options
            #requires
            #handle_in
            #handle_out
            #handle_info
            #(#terminate)*
        }
    }
}
