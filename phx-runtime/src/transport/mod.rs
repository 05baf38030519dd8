//! What carries messages between clients and sockets.
//!
//! A [`Transport`] moves messages, a [`RawSocket`] handles them, and one serving loop stands between
//! them: it guards the socket, keeps the deadlines and ends connections in order. The channel session
//! is one socket, WebSocket and long-polling are two transports; what they are served by is
//! [`Admitted::serve`](crate::endpoint::Admitted::serve), as is a transport of your own.

mod contract;
mod deadline;
mod dispatched;
mod end;
mod kind;
pub(crate) mod longpoll;
mod raw_socket;
mod serving;
pub(crate) mod websocket;

pub use self::{
    contract::{Outcome, Received, Transport},
    dispatched::{Dispatched, Dispatching},
    kind::TransportKind,
    raw_socket::{Flow, Handled, RawSocket},
};
pub(crate) use self::{
    deadline::Deadline,
    raw_socket::{TERMINATE, terminate},
    serving::serve,
};
pub use crate::{
    connection::{BacklogLimits, Budget, Connection, Outgoing, Share},
    session::Dispatcher,
    wire::{CloseCode, Control, Frame, NotUtf8, Text},
};
