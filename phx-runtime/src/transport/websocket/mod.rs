//! The WebSocket transport: frames, the opening handshake, and the task of a connection.

pub(crate) mod close;
pub(crate) mod decoder;
pub(crate) mod deflate;
mod driver;
pub(crate) mod encoder;
pub(crate) mod extensions;
pub(crate) mod frame_error;
pub(crate) mod frame_header;
pub(crate) mod handshake;
mod io;
mod mask;
mod message_frame;
mod tcp;

pub(crate) use self::{
    close::close_frame,
    driver::{Driver, drive},
    encoder::{put_frame, server_frames},
    frame_header::{OpCode, ServerFrameLen, server_frame_len},
    io::Io,
    message_frame::{put_binary_frame, put_text_frame},
};
