//! Calling a callback.
//!
//! Callbacks are called by the runtime: what is written here for each of them, the function, its
//! arguments and what its result becomes, is what the compiler has to check for each of them.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::{Type, TypePath, parse_quote};

use super::{argument::find, code::blame, types::inferred};
use crate::{
    marks::Role,
    model::{Argument, ArgumentRole, Callback, Common, Receiver},
    syntax::argument_of,
};

/// Has the runtime call a handler with the channel, with what `arrived` and with the context `cx`;
/// the value is the `Handling`.
pub(super) fn handling(common: &Common, callback: &Callback, arrived: &TokenStream) -> TokenStream {
    let call = call(common, callback, &given(common, callback));
    match &callback.sig.asyncness {
        None => code!(_phx::now(self, #arrived, cx, |given| #call)),
        // The box is where a future is refused that is not `Send`.
        Some(keyword) => {
            let running = quote_spanned!(blame(keyword.span)=> _phx::Box::pin(#call));
            code!(_phx::later(self, #arrived, cx, |given| #running))
        }
    }
}

/// What a handler is called with, in the closure that calls it.
pub(super) fn given(common: &Common, callback: &Callback) -> TokenStream {
    let state = state(common, &callback.receiver);
    code!(given #state)
}

/// Has what makes a state called with the context `cx`: the type and the body of a function that
/// returns a future of `output`.
///
/// What the future is refused for, not being `Send`, is blamed on the user's function's own keyword.
pub(super) fn making(
    common: &Common,
    callback: &Callback,
    output: &TokenStream,
) -> (TokenStream, TokenStream) {
    let keyword = callback.sig.asyncness.map_or(callback.sig.fn_token.span, |token| token.span);
    let span = blame(keyword);
    let made = if callback.is_async() {
        let call = call(common, callback, &code!(_phx::make_later(&cx)));
        code!(#call.await)
    } else {
        call(common, callback, &code!(_phx::make_now(&cx)))
    };
    let future = quote_spanned!(span=> impl _phx::Future<Output = #output> + _phx::Send);
    (future, quote_spanned!(span=> async move { #made }))
}

/// `given.receive_2(Self::new_msg, payload, context, reply)`: the function, how its arguments are
/// found, and what its result becomes.
pub(super) fn call(common: &Common, callback: &Callback, given: &TokenStream) -> TokenStream {
    let mut arguments: Vec<_> = callback.arguments.iter().collect();
    arguments.sort_by_key(|argument| turn(argument));
    let receives = !callback.role.makes_state() && callback.subject().is_some();
    let verb = if receives { "receive" } else { "call" };
    let method = format_ident!("{verb}_{}", arguments.len(), span = Span::mixed_site());
    let function = function(common, callback, &arguments);
    let found = arguments.iter().map(|argument| find(callback, argument));
    let answer = answer(callback);
    code!(#given.#method(#function, #(#found,)* #answer))
}

/// When the runtime looks for an argument: a topic whose parameters do not parse does not exist,
/// whatever else is wrong, and what arrived is read before context is looked for.
fn turn(argument: &Argument) -> usize {
    match argument.role {
        ArgumentRole::Parameter(_) => 0,
        ArgumentRole::Subject => 1,
        ArgumentRole::Context => 2,
    }
}

/// The user's function, taking its arguments in the order of `arguments`.
fn function(common: &Common, callback: &Callback, arguments: &[&Argument]) -> TokenStream {
    let callee = callee(common, callback);
    if callback.arguments.is_sorted_by_key(turn) {
        return callee;
    }
    let state = (!callback.role.makes_state()).then(|| code!(state,));
    let taken = arguments.iter().map(|argument| &argument.local);
    let passed = callback.arguments.iter().map(|argument| &argument.local);
    code!(|#state #(#taken),*| #callee(#state #(#passed),*))
}

/// The user's function, all of it at the place of its name: there it is blamed for a future that is
/// not `Send`.
pub(super) fn callee(common: &Common, callback: &Callback) -> TokenStream {
    let mut name = callback.sig.ident.clone();
    let span = blame(name.span());
    name.set_span(span);
    if common.is_module {
        quote_spanned!(span=> self::#name)
    } else {
        quote_spanned!(span=> Self::#name)
    }
}

/// The conversion of what the callback returns, blaming its return type.
pub(super) fn answer(callback: &Callback) -> TokenStream {
    let output: Type = match &callback.output {
        // What nobody can write is left out.
        Some(ty) => inferred(ty, &callback.sig),
        None => parse_quote!(()),
    };
    match callback.role {
        Role::Connect => code!(<#output as _phx::IntoConnected<Self>>::into_connected),
        Role::Id => code!(<#output as _phx::IntoSocketId>::into_socket_id),
        Role::Join => code!(<#output as _phx::IntoJoined<Self>>::into_joined),
        Role::HandleIn if is_nested(&output) => {
            code!(<#output as _phx::IntoNestedReply>::into_reply)
        }
        Role::HandleIn => code!(<#output as _phx::IntoReply>::into_reply),
        Role::HandleOut | Role::HandleInfo => {
            code!(|returned| _phx::next(<#output as _phx::IntoNext>::into_next(returned)))
        }
        Role::Terminate => code!(_phx::ended),
        Role::RawInit | Role::RawIn | Role::RawControl | Role::RawInfo => {
            code!(<#output as _phx::IntoAnswer>::into_answer)
        }
        Role::RawTerminate => code!(_phx::raw_end),
    }
}

/// `Result<Result<T, E>, Fault>`: what is for the client inside, what is not outside.
fn is_nested(output: &Type) -> bool {
    argument_of("Result", output).is_some_and(|inner| argument_of("Result", inner).is_some())
}

/// What is said of the state: nothing where the handler may change it. A function's own idea of the
/// state's type is checked, unless it is spelled as the type itself is.
fn state(common: &Common, receiver: &Receiver) -> Option<TokenStream> {
    let Receiver::Borrowed { exclusive, written } = receiver else { return None };
    let other = written.as_ref().filter(|ty| !common.has_state_spelled(ty));
    match (exclusive, other) {
        (true, None) => None,
        (false, None) => Some(code!(.shared())),
        (true, Some(ty)) => Some(code!(.exclusive_as(<#ty as _phx::StateOf<Self>>::exclusive))),
        (false, Some(ty)) => Some(code!(.shared_as(<#ty as _phx::StateOf<Self>>::shared))),
    }
}

impl Common {
    pub(super) fn has_state_spelled(&self, ty: &Type) -> bool {
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
    fn is_async(&self) -> bool {
        self.sig.asyncness.is_some()
    }
}
