//! Calling a callback: a `let` for each argument, then the call.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{Type, parse_quote};

use super::{blame, types::inferred};
use crate::{
    marks::Role,
    model::{Argument, ArgumentRole, Callback, Common, Receiver},
};

/// The type parameter of `Join<S>`, under a name that no application has.
pub(super) const SOCKET: &str = "__S";

/// Finds the arguments and calls `callback`; the value is what it returned, converted.
///
/// Generated code around it provides `cx`, and `payload`, `message` or `reason`.
pub(super) fn call(common: &Common, callback: &Callback) -> TokenStream {
    // A topic whose parameters do not parse does not exist, whatever else is wrong.
    let (parameters, others): (Vec<_>, Vec<_>) = callback
        .arguments
        .iter()
        .partition(|argument| matches!(argument.role, ArgumentRole::Parameter(_)));
    let found = parameters.into_iter().chain(others).filter_map(|argument| {
        let (name, value) = (&argument.local, value(callback, argument)?);
        Some(code!(let #name = #value?;))
    });
    let values = callback.arguments.iter().map(|argument| {
        let name = argument.local.to_token_stream();
        value(callback, argument).map_or_else(|| code!(message), |_| name)
    });
    let values = state(&callback.receiver).into_iter().chain(values);
    let callee = callee(common, callback);
    let wait = callback.sig.asyncness.map(|_| code!(.await));
    let returned = convert(callback, &code!(#callee(#(#values),*) #wait));
    code!(#(#found)* #returned)
}

/// The user's function.
pub(super) fn callee(common: &Common, callback: &Callback) -> TokenStream {
    let mut name = callback.sig.ident.clone();
    name.set_span(blame(name.span()));
    if common.is_module { code!(self::#name) } else { code!(Self::#name) }
}

/// Converts what the callback returned, blaming its return type.
pub(super) fn convert(callback: &Callback, call: &TokenStream) -> TokenStream {
    let output: Type = match &callback.output {
        Some(ty) => inferred(ty, &callback.sig),
        None => parse_quote!(()),
    };
    match callback.role {
        Role::HandleIn => code!(_phx::reply::<#output>(#call)),
        Role::HandleOut | Role::HandleInfo => code!(_phx::next::<#output>(#call)),
        Role::Terminate => code!(_phx::ended(#call)),
        Role::Join => code!(_phx::joined::<#output, Self>(#call)),
        Role::Connect => code!(_phx::connected::<#output, Self>(#call)),
        Role::Id => code!(_phx::id::<#output>(#call)),
    }
}

/// The helper that finds a context argument of type `ty` in `source`: in the call's context, or
/// among the endpoint's requirements. It is the same one so that a type that cannot be found is
/// reported once.
pub(super) fn context(callback: &Callback, ty: &Type, source: &TokenStream) -> TokenStream {
    let ty = inferred(ty, &callback.sig);
    match callback.role {
        Role::Join => {
            let socket = Ident::new(SOCKET, Span::mixed_site());
            code!(_phx::join_context::<#ty, #socket, _>(#source))
        }
        Role::Connect => code!(_phx::connect_context::<#ty, _>(#source)),
        _ => code!(_phx::context::<#ty, _>(#source)),
    }
}

/// How an argument is found, unless it is at hand.
fn value(callback: &Callback, argument: &Argument) -> Option<TokenStream> {
    let ty = inferred(&argument.ty, &callback.sig);
    Some(match &argument.role {
        ArgumentRole::Parameter(name) => code!(_phx::parameter::<#ty, _>(&cx, #name)),
        ArgumentRole::Context => context(callback, &argument.ty, &code!(&cx)),
        ArgumentRole::Subject => match callback.role {
            Role::HandleInfo => return None,
            Role::Terminate => code!(_phx::reason::<#ty>(reason)),
            Role::Connect => code!(_phx::params::<#ty>(&cx)),
            _ => code!(_phx::decode::<#ty>(payload)),
        },
    })
}

/// The state as the callback takes it: `self` is boxed, which a method's `&mut self` sees through.
/// A function's own idea of the state's type is checked by a helper.
fn state(receiver: &Receiver) -> Option<TokenStream> {
    let Receiver::Borrowed { exclusive, written } = receiver else { return None };
    let this = if *exclusive { code!(&mut self) } else { code!(&self) };
    Some(match written {
        None => this,
        Some(ty) if *exclusive => code!(_phx::state_mut::<#ty, Self>(#this)),
        Some(ty) => code!(_phx::state::<#ty, Self>(#this)),
    })
}

impl Callback {
    /// Whether generated code needs a `cx` to call it.
    pub(super) fn uses_context(&self) -> bool {
        self.arguments.iter().any(|argument| match argument.role {
            ArgumentRole::Context | ArgumentRole::Parameter(_) => true,
            ArgumentRole::Subject => self.role.makes_state(),
        })
    }

    pub(super) fn changes_state(&self) -> bool {
        matches!(self.receiver, Receiver::Borrowed { exclusive: true, .. })
    }
}
