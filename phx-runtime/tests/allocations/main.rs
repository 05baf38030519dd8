//! How often the server allocates for what it does all day, and how much memory it keeps for whom.
//! Unlike times, these counts are the same on every machine.
//!
//! The server runs on the test's own thread, the only one that is counted; clients run on others.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail where they are")]

mod client;
mod server;
mod sockets;

mod idle;
mod lines;
mod messages;
mod waiting;
