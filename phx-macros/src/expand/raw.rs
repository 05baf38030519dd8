//! What `#[socket]` generates for a socket without channels.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::spanned::Spanned;

use super::{
    call::{call, given},
    code::blame,
    types::{inferred, named},
};
use crate::{
    marks::Role,
    model::{Callback, Common, State},
};

/// The handlers, and that they are what handles the socket's messages.
pub(super) fn handlers(common: &Common, state: &State) -> TokenStream {
    let (params, _, clause) = state.generics.split_for_impl();
    let ty = &state.ty;
    let one = |role| common.callbacks(role).map(move |callback| method(common, callback));
    let methods = one(Role::RawInit)
        .chain(handle_in(common))
        .chain(one(Role::RawControl))
        .chain(handle_info(common))
        .chain(one(Role::RawTerminate));
    let apart = apart(common, state);
    code! {
        #[automatically_derived]
        impl #params _phx::RawHandlers for #ty #clause {
            #(#methods)*
        }
        #(#apart)*
    }
}

/// A method with one function behind it.
fn method(common: &Common, callback: &Callback) -> TokenStream {
    let cfgs = &callback.cfgs;
    let (signature, arrived) = match callback.role {
        Role::RawControl => (
            code!(handle_control<'a>(&'a mut self, control: _phx::Control, cx: _phx::RawContext<'a>)),
            code!(control),
        ),
        Role::RawTerminate => (
            code!(terminate<'a>(&'a mut self, reason: _phx::Reason, cx: _phx::RawContext<'a>)),
            code!(reason),
        ),
        _ => (code!(init<'a>(&'a mut self, cx: _phx::RawContext<'a>)), code!(())),
    };
    let handling = handling(common, callback, &arrived);
    if callback.role == Role::RawTerminate {
        return code! {
            #(#cfgs)*
            fn #signature -> _phx::Pin<_phx::Box<dyn _phx::Future<Output = ()> + _phx::Send + 'a>> {
                _phx::raw_ended(#handling)
            }
        };
    }
    code! {
        #(#cfgs)*
        fn #signature -> _phx::Handled<'a> { #handling }
    }
}

/// A message from the client, by its kind.
fn handle_in(common: &Common) -> Option<TokenStream> {
    let attempts = common.callbacks(Role::RawIn).filter_map(|callback| {
        let (cfgs, handling) = (&callback.cfgs, frame(common, callback));
        let ty = inferred(&callback.subject()?.ty, &callback.sig);
        Some(code! {
            #(#cfgs)*
            if <#ty as _phx::FromFrame<'_>>::KIND.takes(&frame) {
                return #handling;
            }
        })
    });
    let attempts: Vec<_> = attempts.collect();
    (!attempts.is_empty()).then(|| {
        code! {
            fn handle_in<'a>(
                &'a mut self,
                frame: _phx::Frame,
                cx: _phx::RawContext<'a>,
            ) -> _phx::Handled<'a> {
                #(#attempts)*
                cx.unhandled_frame(&frame)
            }
        }
    })
}

/// A message from the application, by its type.
fn handle_info(common: &Common) -> Option<TokenStream> {
    let attempts = common.callbacks(Role::RawInfo).filter_map(|callback| {
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
    let attempts: Vec<_> = attempts.collect();
    (!attempts.is_empty()).then(|| {
        code! {
            fn handle_info<'a>(
                &'a mut self,
                message: _phx::Info,
                cx: _phx::RawContext<'a>,
            ) -> _phx::Handled<'a> {
                #(#attempts)*
                cx.unhandled_info::<Self>(&message)
            }
        }
    })
}

fn handling(common: &Common, callback: &Callback, arrived: &TokenStream) -> TokenStream {
    let method = callback.role.name();
    match called(common, callback) {
        Called::Now(call) => code!(_phx::raw_now(#method, self, #arrived, cx, |given| #call)),
        Called::Later(call) => code!(_phx::raw_later(#method, self, #arrived, cx, |given| #call)),
    }
}

/// What a client sent may be borrowed for the call.
fn frame(common: &Common, callback: &Callback) -> TokenStream {
    match called(common, callback) {
        Called::Now(call) => code!(_phx::frame_now(self, &frame, cx, |given| #call)),
        Called::Later(call) => code!(_phx::frame_later(self, frame, cx, |given| #call)),
    }
}

enum Called {
    Now(TokenStream),
    Later(TokenStream),
}

fn called(common: &Common, callback: &Callback) -> Called {
    let call = call(common, callback, &given(common, callback));
    match &callback.sig.asyncness {
        None => Called::Now(call),
        // The box is where a future is refused that is not `Send`.
        Some(keyword) => Called::Later(quote_spanned!(blame(keyword.span)=> _phx::Box::pin(#call))),
    }
}

/// Has the compiler see to it that no two handlers take the same messages.
///
/// Types of a generic socket are only known where it is used.
fn apart(common: &Common, state: &State) -> Vec<TokenStream> {
    if !state.generics.params.is_empty() {
        return Vec::new();
    }
    let all: Vec<_> = common.callbacks(Role::RawIn).filter(|it| it.cfgs.is_empty()).collect();
    let kind = |callback: &Callback| {
        let ty = named(&callback.subject()?.ty, &callback.sig, "'static");
        Some(code!(<#ty as _phx::FromFrame<'static>>::KIND))
    };
    let pair = |first: &Callback, later: &Callback| {
        let ty = &later.subject()?.ty;
        let message = format!(
            "`{}` takes messages that already go to `{}`: tell them apart in one function",
            later.name(),
            first.name()
        );
        let refused = quote_spanned!(blame(ty.span())=> ::core::panic!(#message));
        let (first, later) = (kind(first)?, kind(later)?);
        Some(code! {
            const _: () = if !#later.is_apart_from(#first) { #refused };
        })
    };
    let later = all.iter().enumerate();
    later.flat_map(|(at, later)| all[..at].iter().filter_map(|first| pair(first, later))).collect()
}
