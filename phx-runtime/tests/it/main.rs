//! The runtime as its users meet it: servers on free ports, clients at the other end.
//!
//! One program, because each is linked on its own. What counts the memory of its process has one
//! for itself.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;
mod testing;

mod admission;
mod backlog;
mod bad_input;
mod cluster;
mod compression;
mod debug_forms;
mod disconnect;
mod language;
mod limits;
mod longpoll;
mod older;
mod owner;
mod payloads;
#[cfg(all(feature = "phoenix", feature = "redis"))]
mod phoenix;
mod presence;
mod rates;
mod rows;
mod server;
mod serving;
mod stair;
mod transports;
mod turns;
mod websocket;
