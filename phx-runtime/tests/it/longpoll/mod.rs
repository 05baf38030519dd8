//! The long-poll transport over HTTP.

mod channels;
mod cut_off;
mod ending;
mod limits;
mod requests;
mod sending;
mod sockets;
mod waiting;
