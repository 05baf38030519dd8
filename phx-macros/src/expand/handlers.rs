//! `handle_in`, `handle_out`, `handle_info` and `terminate` of `impl Channel`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, parse_quote};

use super::{call::handling, options::tokens, types::inferred};
use crate::{
    args::Events,
    marks::Role,
    model::{Callback, Common, State},
    syntax::mentions,
};

/// A message from the client, by its event.
pub(super) fn handle_in(common: &Common) -> Option<TokenStream> {
    let all = group(common, Role::HandleIn)?;
    let body = by_event(common, &all, &code!(_phx::Handling::unmatched_event(self, &cx)));
    let allow = allow(&all);
    Some(code! {
        #allow
        fn handle_in(
            self: _phx::Box<Self>,
            payload: _phx::Payload,
            cx: _phx::Context,
        ) -> _phx::Handling {
            #body
        }
    })
}

/// A broadcast of an intercepted event.
pub(super) fn handle_out(common: &Common) -> Option<TokenStream> {
    let all = group(common, Role::HandleOut)?;
    let body = by_event(common, &all, &code!(_phx::push_unchanged(self, payload, &cx)));
    let allow = allow(&all);
    Some(code! {
        #allow
        fn handle_out(
            self: _phx::Box<Self>,
            payload: _phx::Payload,
            cx: _phx::Context,
        ) -> _phx::Handling<_phx::Next> {
            #body
        }
    })
}

/// A message from the application, by its type.
pub(super) fn handle_info(common: &Common) -> Option<TokenStream> {
    let all = group(common, Role::HandleInfo)?;
    let attempts = all.iter().filter_map(|callback| {
        let (cfgs, handling) = (&callback.cfgs, handling(common, callback, &code!(message)));
        let ty = inferred(&callback.subject()?.ty, &callback.sig);
        Some(code! {
            #(#cfgs)*
            let message = match message.take::<#ty>() {
                _phx::Ok(message) => return #handling,
                _phx::Err(message) => message,
            };
        })
    });
    Some(code! {
        fn handle_info(
            self: _phx::Box<Self>,
            message: _phx::Info,
            cx: _phx::Context,
        ) -> _phx::Handling<_phx::Next> {
            #(#attempts)*
            _phx::Handling::unmatched_info(self, message, &cx)
        }
    })
}

/// That the channel takes messages of these types, for whoever sends one with a join.
///
/// Types that depend on the parameters of a generic channel cannot be told apart here: then it takes all.
pub(super) fn handles_info(common: &Common, state: &State) -> Vec<TokenStream> {
    let (params, _, clause) = state.generics.split_for_impl();
    let ty = &state.ty;
    let all: Vec<_> = common.callbacks(Role::HandleInfo).collect();
    let depends = |callback: &&Callback| {
        let message = callback.subject().map(|message| message.ty.to_token_stream());
        let mut params = state.generics.type_params();
        message.is_some_and(|message| params.any(|param| mentions(message.clone(), &param.ident)))
    };
    if all.len() > 1 && all.iter().any(depends) {
        let mut generics = state.generics.clone();
        generics.params.push(parse_quote!(TheMessage));
        let (params, _, clause) = generics.split_for_impl();
        return vec![code!(impl #params _phx::HandlesInfo<TheMessage> for #ty #clause {})];
    }
    let implementation = |callback: &&Callback| {
        let (cfgs, message) = (&callback.cfgs, inferred(&callback.subject()?.ty, &callback.sig));
        Some(code! {
            #(#cfgs)*
            #[automatically_derived]
            impl #params _phx::HandlesInfo<#message> for #ty #clause {}
        })
    };
    all.iter().filter_map(implementation).collect()
}

/// The end of the channel.
pub(super) fn terminate(common: &Common) -> impl Iterator<Item = TokenStream> {
    common.callbacks(Role::Terminate).map(|callback| {
        let (cfgs, handling) = (&callback.cfgs, handling(common, callback, &code!(reason)));
        code! {
            #(#cfgs)*
            fn terminate(
                self: _phx::Box<Self>,
                reason: _phx::Reason,
                cx: _phx::Context,
            ) -> _phx::Handling<()> {
                #handling
            }
        }
    })
}

fn group(common: &Common, role: Role) -> Option<Vec<&Callback>> {
    let all: Vec<_> = common.callbacks(role).collect();
    (!all.is_empty()).then_some(all)
}

/// A `match` on the event, ending in the catch-all handler or else in `rest`.
fn by_event(common: &Common, all: &[&Callback], rest: &TokenStream) -> TokenStream {
    let (by_name, catching): (Vec<&Callback>, Vec<&Callback>) =
        all.iter().copied().partition(|callback| matches!(callback.events, Some(Events::Named(_))));
    if let ([], [only]) = (&by_name[..], &catching[..])
        && only.cfgs.is_empty()
    {
        return handling(common, only, &code!(payload));
    }
    let arms = by_name.iter().chain(&catching).map(|callback| {
        let (cfgs, handling) = (&callback.cfgs, handling(common, callback, &code!(payload)));
        let pattern = if let Some(Events::Named(names)) = &callback.events {
            code!(#(#names)|*)
        } else {
            code!(_)
        };
        code!(#(#cfgs)* #pattern => #handling,)
    });
    let rest = no_catch_all(&catching).map(|cfg| code!(#cfg _ => #rest,));
    code! {
        match cx.event().as_str() {
            #(#arms)*
            #rest
        }
    }
}

/// The condition under which there is no catch-all handler, or `None` if there always is one.
fn no_catch_all(catching: &[&Callback]) -> Option<TokenStream> {
    if catching.is_empty() {
        return Some(TokenStream::new());
    }
    let conditions = catching.iter().map(|callback| {
        let conditions =
            callback.cfgs.iter().filter_map(|cfg| Some(&cfg.meta.require_list().ok()?.tokens));
        code!(all(#(#conditions),*))
    });
    let always = catching.iter().any(|callback| callback.cfgs.is_empty());
    (!always).then(|| code!(#[cfg(not(any(#(#conditions),*)))]))
}

/// What is not used may depend on `cfg`; whether an event has two handlers does.
fn allow(all: &[&Callback]) -> Option<TokenStream> {
    let conditional = |callback: &&Callback| !callback.cfgs.is_empty();
    all.iter().any(conditional).then(|| {
        code! {
            #[allow(unused_variables)]
            #[deny(unreachable_patterns)]
        }
    })
}

/// What limits the messages of `#[handle_in]` handlers, each under its handler's `cfg`.
pub(super) fn rates(common: &Common) -> Vec<TokenStream> {
    let rate = |callback: &Callback| {
        let (cfgs, rate) = (&callback.cfgs, tokens(&callback.rate.as_ref()?.value));
        let Some(Events::Named(names)) = &callback.events else { return None };
        Some(code!(#(#cfgs)* let options = options.max_event_rate([#(#names),*], #rate);))
    };
    common.callbacks(Role::HandleIn).filter_map(rate).collect()
}

/// The events with `#[handle_out]` handlers, each under its handler's `cfg`.
pub(super) fn intercepted(common: &Common) -> Vec<TokenStream> {
    let entry = |cfgs: &[Attribute], name: &syn::LitStr| code!(#(#cfgs)* #name);
    common
        .callbacks(Role::HandleOut)
        .filter_map(|callback| match &callback.events {
            Some(Events::Named(names)) => Some((callback, names)),
            _ => None,
        })
        .flat_map(|(callback, names)| names.iter().map(|name| entry(&callback.cfgs, name)))
        .collect()
}
