pub mod close;
pub mod decoder;
pub mod encoder;
pub mod frame_error;
pub mod frame_header;
pub mod handshake;
mod mask;
