//! What carries bytes between clients and sockets.
//!
//! A transport owns the connection and calls the methods of a [`RawSocket`]; it knows nothing of
//! channels. The built-in transports use only what is public here.

mod deadline;
mod kind;
pub(crate) mod longpoll;
mod raw_socket;
pub(crate) mod websocket;

pub(crate) use self::{
    deadline::Deadline,
    raw_socket::{HandledKind, TERMINATE, guarded, stopped, terminate},
};
pub use self::{
    kind::TransportKind,
    raw_socket::{Flow, Handled, RawSocket},
};
pub use crate::{
    connection::{Connection, Outgoing},
    wire::{CloseCode, Control, Frame, NotUtf8, Text},
};
