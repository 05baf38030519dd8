//! What broken, hostile and impatient clients send, over real connections to a real server. Whatever
//! it is, others go on, and nothing of it stays.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cuts;
mod flood;
#[path = "../longpoll/client.rs"]
#[allow(dead_code, reason = "each test binary uses its own part")]
mod http_client;
mod longpoll;
mod messages;
#[path = "../raw_client/mod.rs"]
mod raw_client;
mod server;
mod stalled;
