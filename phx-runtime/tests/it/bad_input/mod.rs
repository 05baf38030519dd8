//! What broken, hostile and impatient clients send, over real connections to a real server. Whatever
//! it is, others go on, and nothing of it stays.

mod cuts;
mod flood;
mod gone;
mod longpoll;
mod messages;
pub(crate) mod server;
mod stalled;
