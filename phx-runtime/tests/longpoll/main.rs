//! The long-poll transport over HTTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod channels;
mod client;
mod cut_off;
mod ending;
mod requests;
mod sending;
mod sockets;
