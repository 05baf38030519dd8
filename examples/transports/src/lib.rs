//! Three transports that are no part of phx: lines over TCP, server-sent events with POST, and WebSocket
//! under axum. They use what `phx-runtime` makes public and nothing else of it.

pub mod axum_websocket;
pub mod events;
pub mod lines;
pub mod room;

use std::{env, net::SocketAddr};

/// Where an example listens: the address in `ADDRESS`, else 127.0.0.1:4000.
///
/// # Panics
///
/// Panics if `ADDRESS` is none.
pub fn address() -> SocketAddr {
    let address = env::var("ADDRESS").unwrap_or_else(|_| "127.0.0.1:4000".to_owned());
    match address.parse() {
        Ok(address) => address,
        Err(error) => panic!("ADDRESS {address:?}: {error}"),
    }
}
