//! `handle_in`, `handle_out`, `handle_info` and `terminate` of `impl Channel`.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Attribute;

use super::{blame, call::call, types::inferred};
use crate::{
    args::Events,
    marks::Role,
    model::{Callback, Common},
};

/// A message from the client, by its event.
pub(super) fn handle_in(common: &Common) -> Option<TokenStream> {
    let all = group(common, Role::HandleIn)?;
    let rest = code!(_phx::Handling::unmatched_event(self, &cx));
    let body = by_event(common, &all, &rest);
    let only_rest = all.iter().all(|callback| matches!(callback.events, Some(Events::Rest(_))));
    let payload = named_if("payload", all.iter().any(|callback| callback.subject().is_some()));
    let cx = named_if("cx", !only_rest || all.iter().any(|callback| callback.uses_context()));
    let (this, allow) = (this(&all), allow(&all));
    Some(code! {
        #allow
        fn handle_in(#this, #payload: _phx::Payload, #cx: _phx::Context) -> _phx::Handling {
            #body
        }
    })
}

/// A broadcast of an intercepted event.
pub(super) fn handle_out(common: &Common) -> Option<TokenStream> {
    let all = group(common, Role::HandleOut)?;
    let body = by_event(common, &all, &code!(_phx::push_unchanged(self, payload, &cx)));
    let (this, allow) = (this(&all), allow(&all));
    Some(code! {
        #allow
        fn handle_out(#this, payload: _phx::Payload, cx: _phx::Context) -> _phx::Handling {
            #body
        }
    })
}

/// A message from the application, by its type.
pub(super) fn handle_info(common: &Common) -> Option<TokenStream> {
    let all = group(common, Role::HandleInfo)?;
    let attempts = all.iter().filter_map(|callback| {
        let (cfgs, Run { steps, value }) = (&callback.cfgs, Run::of(common, callback));
        let ty = inferred(&callback.subject()?.ty, &callback.sig);
        Some(code! {
            #(#cfgs)*
            let message = match message.take::<#ty>() {
                _phx::Ok(message) => { #steps return #value; }
                _phx::Err(message) => message,
            };
        })
    });
    let (this, allow) = (this(&all), allow(&all));
    Some(code! {
        #allow
        fn handle_info(#this, message: _phx::Info, cx: _phx::Context) -> _phx::Handling {
            #(#attempts)*
            _phx::Handling::unmatched_info(self, message, &cx)
        }
    })
}

/// The end of the channel.
pub(super) fn terminate(common: &Common) -> impl Iterator<Item = TokenStream> {
    common.callbacks(Role::Terminate).map(|callback| {
        let (cfgs, body) = (&callback.cfgs, Run::of(common, callback).body());
        let this = this(&[callback]);
        let reason = named_if("reason", callback.subject().is_some());
        let cx = named_if("cx", callback.uses_context());
        code! {
            #(#cfgs)*
            fn terminate(#this, #reason: _phx::Reason, #cx: _phx::Context) -> _phx::Handling {
                #body
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
        return Run::of(common, only).body();
    }
    let arms = by_name.iter().chain(&catching).map(|callback| {
        let (cfgs, run) = (&callback.cfgs, Run::of(common, callback).expression());
        let pattern = if let Some(Events::Named(names)) = &callback.events {
            code!(#(#names)|*)
        } else {
            code!(_)
        };
        code!(#(#cfgs)* #pattern => #run,)
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

/// One run of a callback.
struct Run {
    /// What a plain function does on the spot.
    steps: Option<TokenStream>,
    /// The `Handling`.
    value: TokenStream,
}

impl Run {
    /// A future is made at the handler's own `async`: if it is not `Send`, that is what is blamed.
    fn of(common: &Common, callback: &Callback) -> Self {
        let call = call(common, callback);
        let Some(keyword) = callback.sig.asyncness else {
            return Self {
                steps: Some(code!(let reply = _phx::run(|| { #call });)),
                value: code!(_phx::Handling::done(self, reply)),
            };
        };
        let body = code! {
            let reply = _phx::run_async(async { #call }).await;
            (self, reply)
        };
        let span = blame(keyword.span);
        let value = quote_spanned!(span=> _phx::Handling::later(async move { #body }));
        Self { steps: None, value }
    }

    fn body(&self) -> TokenStream {
        let Self { steps, value } = self;
        code!(#steps #value)
    }

    fn expression(&self) -> TokenStream {
        let body = self.body();
        if self.steps.is_some() { code!({ #body }) } else { body }
    }
}

fn this(all: &[&Callback]) -> TokenStream {
    if all.iter().any(|callback| callback.changes_state()) {
        code!(mut self: _phx::Box<Self>)
    } else {
        code!(self: _phx::Box<Self>)
    }
}

/// `name`, or `_name` where nothing uses it.
fn named_if(name: &str, used: bool) -> syn::Ident {
    let prefix = if used { "" } else { "_" };
    syn::Ident::new(&format!("{prefix}{name}"), Span::mixed_site())
}

/// What is not used may depend on `cfg`; whether an event has two handlers too.
fn allow(all: &[&Callback]) -> Option<TokenStream> {
    let conditional = |callback: &&Callback| !callback.cfgs.is_empty();
    all.iter().any(conditional).then(|| {
        code! {
            #[allow(unused_mut, unused_variables)]
            #[deny(unreachable_patterns)]
        }
    })
}

/// The events with handlers of `role`, each under its handler's `cfg`.
pub(super) fn events(common: &Common, role: Role) -> Vec<TokenStream> {
    let entry = |cfgs: &[Attribute], name: &syn::LitStr| code!(#(#cfgs)* #name);
    common
        .callbacks(role)
        .filter_map(|callback| match &callback.events {
            Some(Events::Named(names)) => Some((callback, names)),
            _ => None,
        })
        .flat_map(|(callback, names)| names.iter().map(|name| entry(&callback.cfgs, name)))
        .collect()
}
