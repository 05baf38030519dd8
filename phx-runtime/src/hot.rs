//! What a message passes on its way, step by step and without a network, for the benchmark
//! `hot_functions`.

use bytes::Bytes;

use crate::{
    channel::{Connected, Routes, SocketState},
    message::{EncodeError, Payload, Topic},
    serializer::{MessageRef, Outgoing, Version},
    wire::{Decoder, Frame, Incoming},
};

/// Reads WebSocket frames.
#[derive(Debug)]
pub struct Frames(Decoder);

impl Frames {
    /// With a limit for messages, in bytes.
    pub fn new(limit: usize) -> Self {
        Self(Decoder::new(limit))
    }

    /// The message of a stream that holds one.
    pub fn read(&mut self, stream: &[u8]) -> Option<Frame> {
        self.0.feed(stream);
        match self.0.decode() {
            Ok(Some(Incoming::Message(frame))) => Some(frame),
            _ => None,
        }
    }
}

/// Decodes a message as far as a session does before it knows the handler, and tells whether it is
/// one.
pub fn decode(version: Version, frame: Frame) -> bool {
    version.decode(frame).is_ok()
}

/// Encodes a reply as a whole WebSocket frame, with a payload that is JSON already.
pub fn encode(version: Version, topic: &str, payload: &[u8]) -> Result<Bytes, EncodeError> {
    let (reference, no_payload) = (MessageRef::from_str("1"), Payload::empty_object());
    let reference = Some(&reference);
    let reply = Outgoing::reply(topic, reference, "ok", &no_payload).with_join_ref(reference);
    version.frame(&Outgoing { payload, ..reply })
}

/// Looks topics up in a socket's routing table.
pub fn router<S: SocketState>(user: S) -> impl Fn(&Topic) -> bool {
    let routes = Connected { user, table: S::channels().into() };
    move |topic| routes.serves(topic)
}
