//! Everything that `#[socket]` generates.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::Type;

use super::{
    block::{block, mentions},
    call::{answer, callee, making},
    code::edges,
    options::chain,
    raw::handlers,
    requires::requires,
};
use crate::{
    args::{RouteArg, SocketArgs},
    marks::Role,
    model::{Callback, Common, Receiver, Socket, State},
};

pub(crate) fn socket(socket: &Socket) -> TokenStream {
    let Socket { args, common, routes, .. } = socket;
    let Some(state) = &common.state else {
        return TokenStream::new();
    };
    let (params, _, clause) = state.generics.split_for_impl();
    let ty = &state.ty;
    let mount = mount(args);
    let connects = common.callbacks(Role::Connect).map(|callback| connect(common, callback));
    let ids = common.callbacks(Role::Id).map(|callback| id(common, callback));
    let (table, channels) = channels(state, routes);
    let (raw, handlers) = if socket.is_raw() {
        let raw = code! {
            fn raw() -> _phx::Option<_phx::Raw<Self>> { _phx::Some(_phx::Raw::handlers()) }
        };
        (Some(raw), Some(handlers(common, state)))
    } else {
        (None, None)
    };
    let ask = |callback: &&Callback| callback.role == Role::Connect || callback.role.is_raw();
    let requires = requires("requires", state, common.callbacks.iter().filter(ask));
    let mentions = mentions(common.callbacks.iter().map(|callback| &callback.mark));
    let impls = code! {
        #table

        #[automatically_derived]
        impl #params _phx::SocketState for #ty #clause {
            fn mount() -> _phx::Mount { #mount }
            #(#connects)*
            #(#ids)*
            #channels
            #raw
            #requires
        }

        #handlers

        #mentions
    };
    block(args.runtime.as_ref(), Some(common), &impls)
}

fn mount(args: &SocketArgs) -> TokenStream {
    let path = &args.path;
    let mount = args.transports.iter().fold(code!(_phx::Mount::new(#path)), |mount, transport| {
        let name = &transport.name;
        let options = if name == "websocket" {
            code!(_phx::WebSocketOptions::new())
        } else {
            code!(_phx::LongPollOptions::new())
        };
        let options = chain(options, &transport.settings);
        code!(#mount.#name(#options))
    });
    chain(mount, &args.settings)
}

fn connect(common: &Common, callback: &Callback) -> TokenStream {
    let connected = code!(_phx::Result<Self, _phx::ConnectError>);
    let (future, body) = making(common, callback, &connected);
    let cfgs = &callback.cfgs;
    code! {
        #(#cfgs)*
        fn connect(cx: _phx::ConnectContext) -> #future {
            #body
        }
    }
}

fn id(common: &Common, callback: &Callback) -> TokenStream {
    let (callee, answer) = (callee(common, callback), answer(callback));
    let state = match &callback.receiver {
        Receiver::Borrowed { written: Some(ty), .. } if !common.has_state_spelled(ty) => {
            code!(<#ty as _phx::StateOf<Self>>::shared(self))
        }
        _ => code!(self),
    };
    let id = code!(#answer(#callee(#state)));
    let cfgs = &callback.cfgs;
    code! {
        #(#cfgs)*
        fn id(&self) -> _phx::Option<_phx::String> { #id }
    }
}

/// The routing table and the method that hands it out.
///
/// The table is a constant, because the compiler then finds entries that can never match. A
/// constant cannot be generic: the table of a generic socket is checked where the socket is used.
fn channels(state: &State, routes: &[RouteArg]) -> (Option<TokenStream>, Option<TokenStream>) {
    if routes.is_empty() {
        return (None, None);
    }
    let ty = &state.ty;
    let count = proc_macro2::Literal::usize_unsuffixed(routes.len());
    let is_generic = !state.generics.params.is_empty();
    let socket = if is_generic { code!(Self) } else { ty.to_token_stream() };
    let entries = routes.iter().map(|route| entry(route, &socket, is_generic));
    let table = code! {{
        let routes = _phx::RoutingTable::<#socket, #count>::new();
        #(let routes = #entries;)*
        routes
    }};
    if is_generic {
        let method = method(&code!(const #table.list()));
        return (None, Some(method));
    }
    let constant = code!(const ROUTES: _phx::RoutingTable<#ty, #count> = #table;);
    (Some(constant), Some(method(&code!(ROUTES.list()))))
}

fn method(list: &TokenStream) -> TokenStream {
    code!(fn channels() -> _phx::Vec<_phx::Route<Self>> { #list })
}

/// A call that adds an entry, at the place of the entry's type: that is where an entry that can
/// never match is reported.
fn entry(route: &RouteArg, socket: &TokenStream, is_generic: bool) -> TokenStream {
    let channel: &Type = &route.channel;
    let (start, end) = edges(channel);
    let entry = quote_spanned!(start=> <#channel as _phx::Join<#socket>>);
    let entry = quote_spanned!(end=> #entry::ENTRY);
    let (method, arguments) = match &route.pattern {
        None => (quote_spanned!(start=> with), entry),
        Some(pattern) => {
            let literal = &pattern.literal;
            let patterns = code!(&[_phx::Pattern::new(#literal)]);
            // Only in a constant of its own does this live for ever.
            let patterns = if is_generic { code!(const { #patterns }) } else { patterns };
            (quote_spanned!(start=> with_at), quote_spanned!(end=> #entry, #patterns))
        }
    };
    let arguments = quote_spanned!(end=> (#arguments));
    quote_spanned!(start=> routes.#method #arguments)
}
