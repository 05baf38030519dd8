//! What the tests share: clients, and the lines of the log.

pub(crate) mod http_client;
pub(crate) mod logs;
pub(crate) mod raw_client;
