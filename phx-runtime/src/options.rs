//! What can be set: of a mount, its transports, the endpoint and its server.
//!
//! Each option has its default and its unit in its documentation; the book lists all of them on one
//! page. Phoenix counterpart: the options of `socket/3` and the configuration of an endpoint.

pub use crate::{
    connect::{
        CheckOrigin, CustomOptions, Drainer, ForceSsl, LongPollOptions, Mount, MountSettings,
        Origin, ProxyList, Rate, SessionOptions, TrustedProxies, WebSocketOptions,
    },
    endpoint::server_options::ServerOptions,
    log::{FilterParameters, LogLevel},
};
