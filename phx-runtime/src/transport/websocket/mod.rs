//! The WebSocket transport: frames, the opening handshake, and the task of a connection.

mod driver;
mod io;
mod tcp;

pub(crate) use self::{
    driver::{Driver, drive},
    io::Io,
};
