//! Who is let in: what a client says of itself, and what a mount asks of it.

pub(crate) mod auth_token;
mod connect_error;
mod csrf;
mod error_handler;
pub(crate) mod extensions;
mod force_ssl;
pub(crate) mod handshake;
mod info;
mod into_connect_error;
mod limits;
mod offered;
mod options;
mod origin;
pub(crate) mod params;
mod proxies;
mod rate;
mod refusal;
pub(crate) mod session_cookie;
mod settings;
pub(crate) mod subprotocols;
mod via;

pub(crate) use self::{
    connect_error::plain_response,
    origin::{NoOrigin, OriginRule, OwnHost, Site, split_port},
    proxies::{NoProxy, ProxyRule},
    rate::Used,
    refusal::close_of,
    settings::{
        CustomSettings, Defaults, DrainerSettings, LongPollSettings, TransportSettings,
        WebSocketSettings,
    },
    via::Via,
};
pub use self::{
    connect_error::{ConnectError, ConnectErrorKind},
    force_ssl::ForceSsl,
    info::ConnectInfo,
    into_connect_error::IntoConnectError,
    options::{CustomOptions, Drainer, LongPollOptions, Mount, WebSocketOptions},
    origin::{CheckOrigin, Origin},
    proxies::{ProxyList, TrustedProxies},
    rate::Rate,
    session_cookie::{Session, SessionError, SessionOptions},
    settings::MountSettings,
};
