//! What the tests share: a clock, a server, clients, and the lines of the log.

pub(crate) mod clock;
pub(crate) mod http_client;
pub(crate) mod logs;
pub(crate) mod ports;
pub(crate) mod raw_client;
pub(crate) mod server;
