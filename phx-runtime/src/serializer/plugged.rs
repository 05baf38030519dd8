//! A serializer that is not one of the two that today's clients have.

use std::{
    any::TypeId,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use bytes::Bytes;

use super::{
    contract::Serializer,
    decode_error::{DecodeError, DecodeErrorKind},
    message::Message,
    outgoing::Outgoing,
};
use crate::{
    message::{EncodeError, Fault},
    wire::{Frame, OpCode, encoder},
};

/// A serializer behind its trait, which may panic.
pub(crate) struct Plugged {
    name: &'static str,
    /// Two of one type that have no fields are the same.
    without_fields: Option<TypeId>,
    serializer: Box<dyn Serializer>,
}

impl Plugged {
    pub(super) fn new<S: Serializer>(name: &'static str, serializer: S) -> Self {
        let without_fields = (size_of::<S>() == 0).then(TypeId::of::<S>);
        Self { name, without_fields, serializer: Box::new(serializer) }
    }

    /// Whether both write the same, as far as can be told.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
            || (self.without_fields.is_some() && self.without_fields == other.without_fields)
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn decode(&self, frame: &Frame) -> Result<Message, DecodeError> {
        let decoded = catch_unwind(AssertUnwindSafe(|| self.serializer.decode(frame)));
        decoded.unwrap_or_else(|panic| {
            Err(DecodeError::new(DecodeErrorKind::Shape, Fault::from_panic(&*panic)))
        })
    }

    pub(super) fn encode(&self, message: &Outgoing<'_>) -> Result<Option<Frame>, EncodeError> {
        let encoded = catch_unwind(AssertUnwindSafe(|| self.serializer.encode(message)));
        encoded.unwrap_or_else(|panic| {
            Err(EncodeError::Serializer(Fault::from_panic(&*panic).to_string()))
        })
    }

    /// The WebSocket frame of a message.
    pub(super) fn frame(&self, message: &Outgoing<'_>) -> Result<Option<Bytes>, EncodeError> {
        let frame = self.encode(message)?;
        Ok(frame.map(|frame| match &frame {
            Frame::Text(text) => encoder::encode(OpCode::Text, text.as_bytes()),
            Frame::Binary(bytes) => encoder::encode(OpCode::Binary, bytes),
        }))
    }
}

impl fmt::Debug for Plugged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
