//! The attribute macros of phx.
//!
//! They are documented where `phx-runtime` re-exports them. The stages of an expansion are modules:
//! `args` and `item` read, `sort` makes the `model`, `check` judges, `expand` writes; where `check` found a
//! mistake, `fallback` writes instead.

mod args;
mod check;
mod diag;
mod expand;
mod fallback;
mod item;
mod lints;
mod marks;
mod model;
mod pattern;
mod pipeline;
#[cfg(test)]
mod snapshots;
mod sort;
mod syntax;

use proc_macro::TokenStream;

use self::marks::Role;

/// Makes an `impl` block or module a socket; see `phx_runtime::socket`.
#[proc_macro_attribute]
pub fn socket(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::socket(args.into(), item.into()).into()
}

/// Makes an `impl` block or module a channel; see `phx_runtime::channel`.
#[proc_macro_attribute]
pub fn channel(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::channel(args.into(), item.into()).into()
}

/// The routing table of a socket; see `phx_runtime::channels`.
#[proc_macro_attribute]
pub fn channels(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::channels(&args.into(), item.into()).into()
}

/// Decides who may connect; see `phx_runtime::connect`.
#[proc_macro_attribute]
pub fn connect(_: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::outside(Role::Connect, &item.into()).into()
}

/// Names a connection's owner; see `phx_runtime::id`.
#[proc_macro_attribute]
pub fn id(_: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::outside(Role::Id, &item.into()).into()
}

/// Decides who may join; see `phx_runtime::join`.
#[proc_macro_attribute]
pub fn join(_: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::outside(Role::Join, &item.into()).into()
}

/// Writes a pattern of JSON for the assertion macros, after the runtime's path: `_` stands for any value.
#[doc(hidden)]
#[proc_macro]
pub fn pattern(tokens: TokenStream) -> TokenStream {
    expand::json_pattern(tokens.into()).into()
}

/// Makes a type an event that the server sends; see `phx_runtime::event`.
#[proc_macro_attribute]
pub fn event(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::event(args.into(), item.into()).into()
}

/// Runs when a connection is established; see `phx_runtime::init`.
#[proc_macro_attribute]
pub fn init(_: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::outside(Role::RawInit, &item.into()).into()
}

/// Hears pings and pongs; see `phx_runtime::handle_control`.
#[proc_macro_attribute]
pub fn handle_control(_: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::outside(Role::RawControl, &item.into()).into()
}

/// Makes a test for each of several transports; see `phx_runtime::testing::test`.
#[proc_macro_attribute]
pub fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::test(args.into(), item.into()).into()
}

/// Handles messages from clients; see `phx_runtime::handle_in`.
#[proc_macro_attribute]
pub fn handle_in(_: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::outside(Role::HandleIn, &item.into()).into()
}

/// Handles intercepted broadcasts; see `phx_runtime::handle_out`.
#[proc_macro_attribute]
pub fn handle_out(_: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::outside(Role::HandleOut, &item.into()).into()
}

/// Handles messages from the application; see `phx_runtime::handle_info`.
#[proc_macro_attribute]
pub fn handle_info(_: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::outside(Role::HandleInfo, &item.into()).into()
}

/// Runs when a channel ends; see `phx_runtime::terminate`.
#[proc_macro_attribute]
pub fn terminate(_: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::outside(Role::Terminate, &item.into()).into()
}

/// The state of a module; see `phx_runtime::assigns`.
#[proc_macro_attribute]
pub fn assigns(_: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::misplaced(
        "`#[assigns]` only has meaning inside a module annotated with `#[channel(\"…\")]` or \
         `#[socket(\"…\")]`",
        &item.into(),
    )
    .into()
}
