//! The HTTP server around an endpoint: what listens, which request belongs to which mount, and how all of it ends.

mod accept;
mod answer;
mod body;
mod build_error;
mod builder;
mod checks;
mod connectors;
mod direct;
mod dispatch;
mod door;
mod drain;
mod engines;
mod gate;
mod head;
mod host_name;
#[cfg(feature = "tls")]
mod http2_connection;
mod http_connection;
mod listener;
mod longpoll;
mod matched;
mod missing_state;
mod opening;
mod parked;
mod request;
mod response_body;
mod routes;
mod serve;
mod serve_error;
mod service;
mod stream;
mod tasks;
mod termination;
#[cfg(feature = "tls")]
mod tls;
mod upgrade;

#[cfg(feature = "tls")]
pub use self::tls::{Tls, TlsError, TlsErrorKind, TlsOptions, TlsVersion};
pub use self::{
    build_error::BuildError,
    builder::Builder,
    door::Door,
    host_name::HostName,
    listener::{ListenAddress, Listener, ListensAt},
    missing_state::MissingState,
    response_body::ResponseBody,
    serve::Server,
    serve_error::ServeError,
    service::{EndpointService, PeerAddress},
    upgrade::WebSocketUpgrade,
};
