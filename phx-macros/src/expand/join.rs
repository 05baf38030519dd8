//! `impl Join<S>`: the channel can be mounted on every socket that its `#[join]` can be served
//! from.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Lifetime, Type, parse_quote, spanned::Spanned};

use super::{
    argument::{asked, depends_on_socket},
    call::making,
    code::blame,
    requires::requires,
    types::{named, socket_parameter},
};
use crate::{
    model::{Argument, ArgumentRole, Callback, Common, State},
    syntax::mentions,
};

pub(super) fn join(common: &Common, state: &State, callback: &Callback) -> TokenStream {
    let ty = &state.ty;
    let socket = socket_parameter();
    let mut generics = state.generics.clone();
    generics.params.push(parse_quote!(#socket: _phx::SocketState));
    let mut conditions = available(state, callback);
    // What the channel itself lacks, such as `Send`, is told of where it is made one, and is taken for granted
    // here; without the lifetime it would be judged once more.
    conditions.push(parse_quote!(for<'a> #ty: _phx::Channel));
    generics.make_where_clause().predicates.extend(conditions);
    let (params, _, clause) = generics.split_for_impl();
    let joined = code!(_phx::Result<_phx::Joined<Self>, _phx::JoinError>);
    let (future, body) = making(common, callback, &joined);
    let requires = requires("join_requires", state, [callback].into_iter());
    let cfgs = &callback.cfgs;
    code! {
        #(#cfgs)*
        #[automatically_derived]
        impl #params _phx::Join<#socket> for #ty #clause {
            fn join(cx: _phx::JoinContext<#socket>) -> #future {
                #body
            }
            #requires
        }
    }
}

/// A context argument that not every socket has, has to be available while joining from this one: the error
/// for a wrong socket then appears where the channel is mounted on it. What is there for every socket or for
/// none is judged at the argument itself.
fn available(state: &State, callback: &Callback) -> Vec<syn::WherePredicate> {
    let lifetime = Lifetime::new("'a", Span::mixed_site());
    let of_state = |argument: &Argument| {
        let mut params = state.generics.type_params();
        params.any(|param| mentions(argument.ty.to_token_stream(), &param.ident))
    };
    let contexts = callback.arguments.iter().filter(|it| {
        it.role == ArgumentRole::Context && (depends_on_socket(callback, it) || of_state(it))
    });
    contexts
        .filter_map(|argument| {
            let ty: Type = named(&argument.ty, &callback.sig, "'a");
            let span = blame(argument.ty.span());
            let asked = asked(callback, argument, &lifetime);
            syn::parse2(quote_spanned!(span=> for<#lifetime> #ty: #asked)).ok()
        })
        .collect()
}
