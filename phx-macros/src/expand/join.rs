//! `impl Join<S>`: the channel can be mounted on the socket whose state its `#[join]` takes, or on every one that
//! it can be served from.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::ToTokens;
use syn::{Lifetime, Type, WherePredicate, parse_quote};

use super::{
    argument::{asked, asks, depends_on_socket, served},
    call::making,
    code::{at_start, placed, start},
    requires::requires,
    types::{named, socket_parameter, starts_at_root},
};
use crate::{
    model::{Argument, ArgumentRole, Callback, Common, State},
    syntax::mentions,
};

pub(super) fn join(common: &Common, state: &State, callback: &Callback) -> TokenStream {
    let mut generics = state.generics.clone();
    let asking = asking(state, callback);
    let mut conditions: Vec<_> =
        asking.iter().filter_map(|argument| condition(callback, argument)).collect();
    // Who lists what is no channel is not shown all that are. The attribute is not known in modules without a prelude, of
    // which a macro sees no more than that paths start with `::`.
    let has_prelude = !starts_at_root(&callback.sig);
    let unlisted =
        (asking.is_empty() && has_prelude).then(|| code!(#[diagnostic::do_not_recommend]));
    let socket = if let Some(served) = served(callback) {
        served.to_token_stream()
    } else {
        let socket = socket_parameter();
        generics.params.push(parse_quote!(#socket: _phx::SocketState));
        socket.to_token_stream()
    };
    // What the channel itself lacks, such as `Send`, is told of where it is made one, and is taken for granted
    // here; without the lifetime it would be judged once more.
    let ty = &state.ty;
    conditions.push(parse_quote!(for<'a> #ty: _phx::Channel));
    generics.make_where_clause().predicates.extend(conditions);
    let (params, _, clause) = generics.split_for_impl();
    let joined = code!(_phx::Result<_phx::Joined<Self>, _phx::JoinError>);
    let (future, body) = making(common, callback, &joined);
    let requires = requires("join_requires", state, [callback].into_iter());
    let cfgs = &callback.cfgs;
    let header = code!(#[automatically_derived] impl #params _phx::Join<#socket> for #ty #clause);
    let content = code! {
        fn join(cx: _phx::JoinContext<#socket>) -> #future {
            #body
        }
        #requires
    };
    let implementation = if let Some(argument) = asking.first() {
        // What a socket lacks is shown at the argument that asks for it.
        let header = at_start(header, &argument.ty);
        let mut body = Group::new(Delimiter::Brace, content);
        body.set_span(start(&argument.ty));
        code!(#[allow(unused_qualifications)] #header #body)
    } else {
        code!(#header { #content })
    };
    code!(#(#cfgs)* #unlisted #implementation)
}

/// The context arguments that not every socket has. What is there for every socket or for none is judged at the
/// argument itself.
fn asking<'a>(state: &State, callback: &'a Callback) -> Vec<&'a Argument> {
    let is_of_one = served(callback).is_some();
    let of_state = |argument: &Argument| {
        let mut params = state.generics.type_params();
        params.any(|param| mentions(argument.ty.to_token_stream(), &param.ident))
    };
    let asks = |argument: &&Argument| {
        argument.role == ArgumentRole::Context
            && (!is_of_one && depends_on_socket(callback, argument) || of_state(argument))
    };
    callback.arguments.iter().filter(asks).collect()
}

/// That an argument is available while joining from this socket: the error for a wrong one then appears where the
/// channel is mounted on it.
fn condition(callback: &Callback, argument: &Argument) -> Option<WherePredicate> {
    let lifetime = Lifetime::new("'a", Span::mixed_site());
    let ty: Type = named(&argument.ty, &callback.sig, "'a");
    let (asks, asked) = (asks(callback, argument, &ty), asked(callback, argument, &lifetime));
    syn::parse2(placed(code!(for<#lifetime> #asks: #asked), &argument.ty)).ok()
}
