//! Calling a callback.
//!
//! What makes a state is called by code written here: a `let` for each argument, then the call. For
//! handlers, of which there are many, the runtime has functions that do the same: what is written
//! here for each of them is what the compiler has to check for each of them.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::{Type, TypePath, parse_quote};

use super::{blame, types::inferred};
use crate::{
    marks::Role,
    model::{Argument, ArgumentRole, Callback, Common, Receiver},
};

/// The type parameter of `Join<S>`, under a name that no application has.
pub(super) const SOCKET: &str = "__S";

/// Has the runtime call a handler with the channel, `subject` and the context; the value is the
/// `Handling`.
///
/// What the future is refused for, not being `Send`, is blamed on the handler's own `async`.
pub(super) fn handling(common: &Common, callback: &Callback, subject: &TokenStream) -> TokenStream {
    let count = format_ident!("with_{}", callback.arguments.len());
    let callee = callee(common, callback);
    let state = state(common, &callback.receiver);
    let found = callback.arguments.iter().map(|argument| {
        let ty = inferred(&argument.ty, &callback.sig);
        match (&argument.role, callback.role) {
            (ArgumentRole::Subject, Role::HandleInfo) => code!(_phx::message::<#ty>()),
            (ArgumentRole::Subject, Role::Terminate) => code!(_phx::reason::<#ty>()),
            (ArgumentRole::Subject, _) => code!(_phx::decode::<#ty>()),
            _ => code!(_phx::context::<#ty, _>()),
        }
    });
    let output = output(callback);
    let (run, answer) = match (callback.role, &callback.sig.asyncness) {
        (Role::HandleIn, None) => (code!(now), code!(_phx::reply::<#output>)),
        (Role::Terminate, None) => (code!(now), code!(_phx::ended)),
        (_, None) => (code!(now), code!(_phx::next::<#output>)),
        (role, Some(keyword)) => {
            let span = blame(keyword.span);
            let answer = match role {
                Role::HandleIn => quote_spanned!(span=> _phx::reply_later::<#output, _>),
                Role::Terminate => quote_spanned!(span=> _phx::ended_later),
                _ => quote_spanned!(span=> _phx::next_later::<#output, _>),
            };
            (code!(later), answer)
        }
    };
    code! {
        _phx::#run(self, #subject, cx, |this, given| {
            _phx::call::#count(given, #state, #callee, #(#found,)* #answer)
        })
    }
}

/// Finds the arguments and calls `callback`; the value is what it returned, converted.
///
/// Generated code around it provides `cx` and `payload`.
pub(super) fn call(common: &Common, callback: &Callback) -> TokenStream {
    // A topic whose parameters do not parse does not exist, whatever else is wrong.
    let (parameters, others): (Vec<_>, Vec<_>) = callback
        .arguments
        .iter()
        .partition(|argument| matches!(argument.role, ArgumentRole::Parameter(_)));
    let found = parameters.into_iter().chain(others).map(|argument| {
        let (name, value) = (&argument.local, value(callback, argument));
        code!(let #name = #value?;)
    });
    let values = callback.arguments.iter().map(|argument| &argument.local);
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

/// What the callback returns, with what nobody can write left out.
fn output(callback: &Callback) -> Type {
    match &callback.output {
        Some(ty) => inferred(ty, &callback.sig),
        None => parse_quote!(()),
    }
}

/// Converts what `#[connect]`, `#[id]` or `#[join]` returned, blaming its return type.
pub(super) fn convert(callback: &Callback, call: &TokenStream) -> TokenStream {
    let output = output(callback);
    match callback.role {
        Role::Connect => code!(_phx::connected::<#output, Self>(#call)),
        Role::Id => code!(_phx::id::<#output>(#call)),
        _ => code!(_phx::joined::<#output, Self>(#call)),
    }
}

/// Tells the endpoint what a context argument of type `ty` needs.
///
/// It is found with the same helper, so that a type that cannot be found is reported once.
pub(super) fn requirement(callback: &Callback, ty: &Type, handler: &str) -> TokenStream {
    let source = code!(requirements.handler(#handler));
    if callback.role.makes_state() {
        return context(callback, ty, &source);
    }
    let ty = inferred(ty, &callback.sig);
    code!(_phx::context::<#ty, ()>().requires(#source))
}

/// The helper that finds a context argument of type `ty` in `source`: in the call's context, or
/// among the endpoint's requirements.
fn context(callback: &Callback, ty: &Type, source: &TokenStream) -> TokenStream {
    let ty = inferred(ty, &callback.sig);
    if callback.role == Role::Connect {
        return code!(_phx::connect_context::<#ty, _>(#source));
    }
    let socket = Ident::new(SOCKET, Span::mixed_site());
    code!(_phx::join_context::<#ty, #socket, _>(#source))
}

/// How an argument of a callback that makes a state is found.
fn value(callback: &Callback, argument: &Argument) -> TokenStream {
    let ty = inferred(&argument.ty, &callback.sig);
    match &argument.role {
        ArgumentRole::Parameter(name) => code!(_phx::parameter::<#ty, _>(&cx, #name)),
        ArgumentRole::Context => context(callback, &argument.ty, &code!(&cx)),
        ArgumentRole::Subject if callback.role == Role::Connect => code!(_phx::params::<#ty>(&cx)),
        ArgumentRole::Subject => code!(_phx::join_params::<#ty>(payload)),
    }
}

/// The state as a handler takes it. A function's own idea of the state's type is checked by a
/// helper, unless it is spelled as the type itself is.
fn state(common: &Common, receiver: &Receiver) -> TokenStream {
    let Receiver::Borrowed { exclusive, written } = receiver else { return code!(&*this) };
    let other = written.as_ref().filter(|ty| !common.has_state_spelled(ty));
    match (exclusive, other) {
        (true, None) => code!(this),
        (false, None) => code!(&*this),
        (true, Some(ty)) => code!(_phx::state_mut::<#ty, Self>(this)),
        (false, Some(ty)) => code!(_phx::state::<#ty, Self>(this)),
    }
}

impl Common {
    fn has_state_spelled(&self, ty: &Type) -> bool {
        let state = self.state.as_ref().and_then(|state| name(&state.ty));
        state.is_some() && state == name(ty)
    }
}

/// The name of a type that is spelled as nothing but a name.
fn name(ty: &Type) -> Option<&Ident> {
    let Type::Path(TypePath { qself: None, path, .. }) = ty else { return None };
    path.get_ident()
}

impl Callback {
    /// Whether generated code needs a `cx` to call it.
    pub(super) fn uses_context(&self) -> bool {
        !self.arguments.is_empty()
    }
}
