//! Who is let in: what a client says of itself, and what a mount asks of it.

pub(crate) mod auth_token;
mod csrf;
mod error_handler;
pub(crate) mod extensions;
pub(crate) mod handshake;
mod info;
mod into_connect_error;
mod offered;
mod options;
mod origin;
pub(crate) mod params;
pub(crate) mod session_cookie;
mod settings;
pub(crate) mod subprotocols;

pub(crate) use self::{
    info::plain_response,
    origin::{NoOrigin, OriginRule, OwnHost, Site, split_port},
    settings::{
        Defaults, DrainerSettings, LongPollSettings, MountSettings, TransportSettings,
        WebSocketSettings,
    },
};
pub use self::{
    info::{ConnectError, ConnectErrorKind, ConnectInfo},
    into_connect_error::IntoConnectError,
    options::{Drainer, LongPollOptions, Mount, WebSocketOptions},
    origin::{CheckOrigin, Origin},
    session_cookie::{Session, SessionError, SessionOptions},
};
