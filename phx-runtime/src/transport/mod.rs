//! What carries bytes between clients and sockets.
//!
//! A transport owns the connection and calls the methods of a [`RawSocket`]; it knows nothing of
//! channels. The built-in transports use only what is public here.

pub(crate) mod auth_token;
mod backlog;
mod budget;
mod connect;
mod connection;
mod csrf;
mod deadline;
mod error_handler;
mod frame;
pub(crate) mod longpoll;
mod mailbox;
mod options;
mod origin;
mod outbox;
mod params;
mod queue;
mod raw_socket;
mod session_cookie;
pub(crate) mod settings;
pub(crate) mod subprotocols;
pub mod websocket;

pub(crate) use self::{
    backlog::{BacklogLimits, Slow},
    budget::Budget,
    connect::plain_response,
    connection::{ConnectionId, WeakConnection},
    mailbox::LIMIT as MAILBOX_LIMIT,
    origin::{NoOrigin, OriginRule, OwnHost, Site, split_port},
    raw_socket::{TERMINATE, stopped},
};
pub use self::{
    connect::{ConnectError, ConnectInfo, ConnectRequest, TransportKind},
    connection::{Connection, Outgoing},
    frame::{CloseCode, Control, Frame, NotUtf8, Text},
    options::{Drainer, LongPollOptions, Mount, WebSocketOptions},
    origin::{CheckOrigin, Origin},
    params::{Params, QueryError},
    raw_socket::{Flow, Handled, RawConnect, RawSocket},
    session_cookie::{Session, SessionError, SessionOptions},
};
