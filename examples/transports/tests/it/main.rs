//! Every transport of this crate carries what channels need, and hostile clients of it end alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod clients;
mod hostile_events;
mod hostile_lines;
mod hostile_websockets;
mod scenario;
