//! WebSocket's frames (RFC 6455 and RFC 7692): bytes in, messages out, and back.

mod close;
mod decoder;
pub(crate) mod deflate;
pub(crate) mod encoder;
mod frame;
mod frame_error;
mod frame_header;
mod mask;
mod message_frame;

pub use self::frame::{CloseCode, Control, Frame, NotUtf8, Text};
pub(crate) use self::{
    close::{ClientClose, close_frame, close_frame_saying},
    decoder::{Decoder, Incoming},
    encoder::{put_frame, server_frames},
    frame_header::{OpCode, ServerFrameLen, header as frame_header, server_frame_len},
    message_frame::{put_binary_frame, put_text_frame},
};
