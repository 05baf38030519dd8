//! The WebSocket transport: frames of a stream that was upgraded.

mod frames;
mod io;
mod tcp;

pub(crate) use self::{frames::WebSocket, io::Io};
