//! The HTTP server around an endpoint: what listens, which request belongs to which mount, and how all of it ends.

mod accept;
mod body;
mod build_error;
mod builder;
mod checks;
mod connectors;
mod head;
mod http_connection;
mod longpoll;
mod request;
mod routes;
mod serve;
mod stream;
mod upgrade;

pub use self::{
    build_error::BuildError,
    builder::Builder,
    serve::{ServeError, Server},
};
