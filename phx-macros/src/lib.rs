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
pub fn channels(_: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::misplaced(
        "put `#[channels(..)]` below `#[socket(..)]`, on the same item",
        &item.into(),
    )
    .into()
}

/// Handles messages from clients; see `phx_runtime::handle_in`.
#[proc_macro_attribute]
pub fn handle_in(_: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::outside("handle_in", &item.into()).into()
}

/// Handles intercepted broadcasts; see `phx_runtime::handle_out`.
#[proc_macro_attribute]
pub fn handle_out(_: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::outside("handle_out", &item.into()).into()
}
