//! What stands in for the generated code when there was a mistake: the traits hold, so that uses of
//! the socket or channel elsewhere are not reported as well.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{GenericParam, Generics, Lifetime, TypeParamBound, parse_quote, visit_mut::VisitMut};

use crate::{
    args::{ChannelArgs, SocketArgs},
    expand,
    marks::Role,
    model::{Channel, Socket, State},
    pattern::Pattern,
};

pub(crate) fn channel(channel: &Channel) -> TokenStream {
    let Some(state) = &channel.common.state else {
        return TokenStream::new();
    };
    let state = &lasting(state);
    let join = channel.common.callbacks(Role::Join).next();
    let topic = join.and_then(|join| expand::topic(channel, state, join));
    let topic = topic.or_else(|| any_topic(channel, state));
    channel_stubs(state, topic.as_ref(), &channel.args)
}

pub(crate) fn socket(socket: &Socket) -> TokenStream {
    let Some(state) = &socket.common.state else {
        return TokenStream::new();
    };
    socket_stubs(&lasting(state), &socket.args)
}

/// For an attribute that stands on the type itself.
pub(crate) fn channel_type(name: &Ident, args: &ChannelArgs) -> TokenStream {
    channel_stubs(&plain(name), None, args)
}

/// For an attribute that stands on the type itself.
pub(crate) fn socket_type(name: &Ident, args: &SocketArgs) -> TokenStream {
    socket_stubs(&plain(name), args)
}

/// The state without lifetimes of its own, its parameters with all that the traits demand.
fn lasting(state: &State) -> State {
    let State { mut ty, mut generics } = state.clone();
    Static.visit_type_mut(&mut ty);
    let params = std::mem::take(&mut generics.params).into_iter();
    generics.params = params.filter(|param| !matches!(param, GenericParam::Lifetime(_))).collect();
    for param in generics.type_params_mut() {
        let bounds: [TypeParamBound; 3] = [
            parse_quote!(::core::marker::Send),
            parse_quote!(::core::marker::Sync),
            parse_quote!('static),
        ];
        param.bounds.extend(bounds);
    }
    State { ty, generics }
}

/// Makes every lifetime `'static`.
struct Static;

impl VisitMut for Static {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        *lifetime = Lifetime::new("'static", lifetime.span());
    }
}

fn plain(name: &Ident) -> State {
    State { ty: parse_quote!(#name), generics: Generics::default() }
}

/// The topic builder of a channel whose patterns or `#[join]` do not say what it takes.
fn any_topic(channel: &Channel, state: &State) -> Option<TokenStream> {
    let pattern = channel.args.patterns.first();
    if channel.has_topic_function || pattern.is_some_and(Pattern::is_open) {
        return None;
    }
    let names = pattern.map_or(&[][..], |pattern| &pattern.names);
    let names = names.iter().map(|name| format_ident!("_{name}"));
    let State { ty, generics } = state;
    let (params, _, clause) = generics.split_for_impl();
    Some(quote! {
        impl #params #ty #clause {
            #[allow(dead_code)]
            pub fn topic(#(#names: impl ::core::marker::Sized),*) -> _phx::Topic {
                _phx::not_compiled()
            }
        }
    })
}

fn channel_stubs(state: &State, topic: Option<&TokenStream>, args: &ChannelArgs) -> TokenStream {
    let State { ty, generics } = state;
    let (params, _, clause) = generics.split_for_impl();
    let patterns = args.patterns.iter().map(|pattern| &pattern.literal);
    let mut join_generics = generics.clone();
    let socket = expand::socket_parameter();
    join_generics.params.push(parse_quote!(#socket: _phx::SocketState));
    let (join_params, _, _) = join_generics.split_for_impl();
    let mut info_generics = generics.clone();
    info_generics.params.push(parse_quote!(TheMessage));
    let (info_params, _, _) = info_generics.split_for_impl();
    let stubs = quote! {
        #topic
        impl #params _phx::Channel for #ty #clause {
            const PATTERNS: &'static [_phx::Pattern] = &[#(_phx::Pattern::new(#patterns)),*];
        }
        impl #info_params _phx::HandlesInfo<TheMessage> for #ty #clause {}
        impl #join_params _phx::Join<#socket> for #ty #clause {
            async fn join(
                _: _phx::JoinContext<#socket>,
            ) -> _phx::Result<_phx::Joined<Self>, _phx::JoinError> {
                _phx::not_compiled()
            }
        }
    };
    expand::block(args.runtime.as_ref(), None, &stubs)
}

fn socket_stubs(state: &State, args: &SocketArgs) -> TokenStream {
    let State { ty, generics } = state;
    let (params, _, clause) = generics.split_for_impl();
    let stubs = quote! {
        impl #params _phx::SocketState for #ty #clause {
            fn mount() -> _phx::Mount {
                _phx::not_compiled()
            }
            async fn connect(
                _: _phx::ConnectContext,
            ) -> _phx::Result<Self, _phx::ConnectError> {
                _phx::not_compiled()
            }
        }
    };
    expand::block(args.runtime.as_ref(), None, &stubs)
}
