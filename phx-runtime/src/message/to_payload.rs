//! What can be sent, and where it is written.

use std::{cell::Cell, ops::Deref};

use bytes::Bytes;
use serde::Serialize;

use super::payload::{Binary, EncodeError, Payload, PayloadKind};

/// Types that can be sent: everything that is `Serialize`, [`Binary`] and [`Payload`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as a payload",
    label = "not a payload",
    note = "derive `Serialize`, or send `Binary` for bytes"
)]
pub trait ToPayload {
    /// Appends the payload to `buffer` and says what it wrote.
    ///
    /// # Errors
    ///
    /// It cannot be written; what is in the buffer then is dropped.
    fn write(&self, buffer: &mut Vec<u8>) -> Result<PayloadKind, EncodeError>;

    /// The payload by itself. What is one already is not written anew.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    fn to_payload(&self) -> Result<Payload, EncodeError> {
        written(self, |kind, bytes| Ok(Payload::checked(kind, bytes.take())))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> ToPayload for T {
    fn write(&self, buffer: &mut Vec<u8>) -> Result<PayloadKind, EncodeError> {
        serde_json::to_writer(buffer, self)?;
        Ok(PayloadKind::Json)
    }
}

#[diagnostic::do_not_recommend]
impl ToPayload for Binary {
    fn write(&self, buffer: &mut Vec<u8>) -> Result<PayloadKind, EncodeError> {
        buffer.extend_from_slice(self);
        Ok(PayloadKind::Binary)
    }

    fn to_payload(&self) -> Result<Payload, EncodeError> {
        Ok(Payload::binary(self.as_bytes().clone()))
    }
}

#[diagnostic::do_not_recommend]
impl ToPayload for Payload {
    fn write(&self, buffer: &mut Vec<u8>) -> Result<PayloadKind, EncodeError> {
        buffer.extend_from_slice(&self.bytes);
        Ok(self.kind)
    }

    fn to_payload(&self) -> Result<Payload, EncodeError> {
        Ok(self.clone())
    }
}

thread_local! {
    /// Where payloads are written before it is known how long they are; taken out while in use.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Larger scratch buffers are not kept.
const SCRATCH_LIMIT: usize = 64 * 1024;

/// Writes a payload and hands it to `use_it`. Most are framed or copied from a buffer that the
/// thread keeps, so that writing one neither allocates nor grows anything.
pub(crate) fn written<T>(
    payload: &(impl ToPayload + ?Sized),
    use_it: impl FnOnce(PayloadKind, &mut Written) -> Result<T, EncodeError>,
) -> Result<T, EncodeError> {
    let mut scratch = Written(SCRATCH.take());
    scratch.0.clear();
    let used = payload.write(&mut scratch.0).and_then(|kind| use_it(kind, &mut scratch));
    if scratch.0.capacity() <= SCRATCH_LIMIT {
        SCRATCH.set(scratch.0);
    }
    used
}

/// The bytes of a payload where they were written.
pub(crate) struct Written(Vec<u8>);

impl Written {
    /// Bytes of their own. A long payload takes its buffer along, which would not be kept.
    fn take(&mut self) -> Bytes {
        if self.0.capacity() > SCRATCH_LIMIT {
            return std::mem::take(&mut self.0).into();
        }
        Bytes::copy_from_slice(&self.0)
    }
}

impl Deref for Written {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
