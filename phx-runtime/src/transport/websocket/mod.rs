//! The WebSocket transport: frames, the opening handshake, and the task of a connection.

pub mod close;
pub mod decoder;
pub mod deflate;
mod driver;
pub mod encoder;
pub mod extensions;
pub mod frame_error;
pub mod frame_header;
pub mod handshake;
mod io;
mod mask;
mod message_frame;

pub(crate) use self::{
    close::close_frame,
    driver::{Limits, drive},
    encoder::{put_frame, server_frames},
    frame_header::{OpCode, server_frame_len},
    io::Io,
    message_frame::{put_binary_frame, put_text_frame},
};
