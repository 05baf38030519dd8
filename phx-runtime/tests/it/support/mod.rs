//! What the tests share: a clock, a server, sockets, clients, and the lines of the log.

pub(crate) mod clock;
pub(crate) mod engines;
pub(crate) mod everybody;
pub(crate) mod handshake;
pub(crate) mod http_client;
pub(crate) mod logs;
pub(crate) mod patience;
pub(crate) mod ports;
pub(crate) mod present;
pub(crate) mod raw_client;
pub(crate) mod server;
pub(crate) mod sources;
