//! A part of what was read, without a copy of it.

use std::ops::Deref;

use bytes::{Buf, Bytes};

/// Bytes that may go on behind their end. To cut that off would take an allocation, which most parts
/// are gone too soon to be worth.
#[derive(Clone)]
pub(crate) struct Part {
    bytes: Bytes,
    len: usize,
}

impl Part {
    pub(super) const fn whole(bytes: Bytes) -> Self {
        Self { len: bytes.len(), bytes }
    }

    /// Those of `bytes` that remain without so many at their beginning and their end.
    pub(super) fn within(mut bytes: Bytes, before: usize, behind: usize) -> Self {
        let len = bytes.len().saturating_sub(before + behind);
        bytes.advance(before);
        Self { bytes, len }
    }

    /// The bytes of a part that is known to be [whole](Self::whole).
    pub(super) fn as_whole(&self) -> &Bytes {
        &self.bytes
    }

    pub(super) fn into_bytes(mut self) -> Bytes {
        self.bytes.truncate(self.len);
        self.bytes
    }
}

impl Deref for Part {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Part {}

impl From<Bytes> for Part {
    fn from(bytes: Bytes) -> Self {
        Self::whole(bytes)
    }
}
