//! Bytes from a client to messages: frames, masking, fragments, limits (RFC 6455 section 5).

use std::mem;

use bytes::{Buf, Bytes, BytesMut};

use super::close::ClientClose;
use super::frame::{Frame, Text};
use super::frame_error::FrameError;
use super::frame_header::{ClientHeader, OpCode};
use super::mask::unmask;

/// Decompresses one message: its compressed payload, and the limit of the result in bytes.
pub(crate) type Inflate = fn(&[u8], usize) -> Result<Bytes, FrameError>;

/// What a client sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// A whole message, put together and decompressed.
    Message(Frame),
    /// A ping, to be answered with a pong of the same payload.
    Ping(Bytes),
    /// A pong, asked for or not.
    Pong(Bytes),
    /// The client closes; nothing comes after it.
    Close(Option<ClientClose>),
}

/// Turns what was read from a client into messages.
///
/// It holds no heap memory between messages: only the bytes of a frame that has not arrived whole,
/// and the fragments of a message that has not ended. What it holds grows with what arrived, never
/// with what a header announces.
#[derive(Debug)]
pub(crate) struct Decoder {
    /// Bytes not yet decoded; they begin with a frame header.
    buf: BytesMut,
    /// Whether frames that were cut from `buf` may still hold its allocation.
    shared: bool,
    /// Whether the stream ended with a close or an error; what follows is ignored.
    ended: bool,
    /// The message whose last fragment is missing. Boxed, because clients rarely fragment.
    unfinished: Option<Box<Unfinished>>,
    max_message_bytes: usize,
    inflate: Option<Inflate>,
    /// Up to where [`Decoder::skip_to_close`] has looked.
    looked_at: usize,
}

/// The fragments of a message so far, as one piece: their number costs nothing.
#[derive(Debug)]
struct Unfinished {
    kind: Kind,
    compressed: bool,
    payload: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    Binary,
}

impl Decoder {
    /// A decoder for messages of at most `max_message_bytes` bytes of payload, headers not counted.
    pub(crate) fn new(max_message_bytes: usize) -> Self {
        Self {
            buf: BytesMut::new(),
            shared: false,
            ended: false,
            unfinished: None,
            max_message_bytes,
            inflate: None,
            looked_at: 0,
        }
    }

    /// Takes compressed messages too; for connections on which permessage-deflate was agreed.
    ///
    /// The limit holds for the message and for its compressed form (which may be a little longer).
    pub(crate) fn with_inflate(mut self, inflate: Inflate) -> Self {
        self.inflate = Some(inflate);
        self
    }

    /// Adds bytes that were just read. Call [`Decoder::decode`] until it gives `None` before the
    /// next read, or else see to it that [`Decoder::unread`] stays small.
    ///
    /// With nothing left over from earlier reads, this is one allocation of exactly their size,
    /// which the messages in them then share.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        if self.ended || bytes.is_empty() {
            return;
        }
        if self.buf.is_empty() {
            self.buf = BytesMut::from(bytes);
            return;
        }
        let needed = self.buf.len() + bytes.len();
        if needed > self.buf.capacity() {
            // Doubling keeps the copies in proportion; the end of the frame bounds it.
            let frame = match ClientHeader::parse(&self.buf) {
                Ok(Some(header)) => total_len(&header),
                _ => needed,
            };
            let doubled = self.buf.capacity().saturating_mul(2);
            let mut grown = BytesMut::with_capacity(needed.max(doubled.min(frame)));
            grown.extend_from_slice(&self.buf);
            self.buf = grown;
            self.shared = false;
        }
        self.buf.extend_from_slice(bytes);
    }

    /// The next message or control frame in what was fed; `None` if more bytes are needed.
    ///
    /// Control frames between the fragments of a message come at once. After a close or an error
    /// nothing more comes and nothing is held.
    ///
    /// # Errors
    ///
    /// A broken rule, to be answered with [`FrameError::close_code`].
    pub(crate) fn decode(&mut self) -> Result<Option<Incoming>, FrameError> {
        let decoded = self.decode_frames();
        match &decoded {
            Ok(Some(Incoming::Close(_))) | Err(_) => self.end(),
            Ok(None) => self.release(),
            Ok(Some(_)) => {}
        }
        decoded
    }

    /// Whether nothing is there to decode, nor memory for it.
    pub(crate) fn is_empty(&self) -> bool {
        self.buf.capacity() == 0
    }

    /// Bytes that were fed and not decoded yet.
    pub(crate) fn unread(&self) -> usize {
        self.buf.len()
    }

    /// Skips what comes before a close frame, if there is one: for a client whose messages are not
    /// taken for now, and that has gone meanwhile. Each frame is looked at once.
    pub(crate) fn skip_to_close(&mut self) -> bool {
        while let Some(rest) = self.buf.get(self.looked_at..)
            && let Ok(Some(header)) = ClientHeader::parse(rest)
            && total_len(&header) <= rest.len()
        {
            if header.opcode == OpCode::Close {
                self.buf.advance(mem::take(&mut self.looked_at));
                self.unfinished = None;
                return true;
            }
            self.looked_at += total_len(&header);
        }
        false
    }

    /// Bytes of heap memory held for frames and messages that are not complete.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn buffered_bytes(&self) -> usize {
        let unfinished = self.unfinished.as_ref();
        self.buf.capacity() + unfinished.map_or(0, |message| message.payload.capacity())
    }

    fn decode_frames(&mut self) -> Result<Option<Incoming>, FrameError> {
        while let Some(header) = ClientHeader::parse(&self.buf)? {
            self.check(&header)?;
            if self.buf.len() < total_len(&header) {
                return Ok(None);
            }
            let mut payload = self.cut(&header);
            unmask(&mut payload, header.key);
            let incoming = match header.opcode {
                OpCode::Ping => Some(Incoming::Ping(payload.freeze())),
                OpCode::Pong => Some(Incoming::Pong(payload.freeze())),
                OpCode::Close => Some(Incoming::Close(ClientClose::parse(payload.freeze())?)),
                OpCode::Continuation => self.continue_message(header.fin, &payload)?,
                OpCode::Text => self.begin_message(Kind::Text, &header, payload)?,
                OpCode::Binary => self.begin_message(Kind::Binary, &header, payload)?,
            };
            if incoming.is_some() {
                return Ok(incoming);
            }
        }
        Ok(None)
    }

    /// The rules that depend on the connection and on the frames before this one.
    fn check(&self, header: &ClientHeader) -> Result<(), FrameError> {
        let starts_message = matches!(header.opcode, OpCode::Text | OpCode::Binary);
        if header.compressed && !(starts_message && self.inflate.is_some()) {
            return Err(FrameError::ReservedBit);
        }
        let (collected, compressed) = match (header.opcode, &self.unfinished) {
            (OpCode::Continuation, None) => return Err(FrameError::UnexpectedContinuation),
            (OpCode::Continuation, Some(message)) => (message.payload.len(), message.compressed),
            (OpCode::Text | OpCode::Binary, Some(_)) => return Err(FrameError::UnfinishedMessage),
            _ => (0, header.compressed),
        };
        let limit = self.max_message_bytes;
        let wire_limit = if compressed { compressed_limit(limit) } else { limit };
        let wire_len = header.payload_len.saturating_add(collected as u64);
        if !header.opcode.is_control() && wire_len > wire_limit as u64 {
            return Err(FrameError::TooBig { limit });
        }
        Ok(())
    }

    /// Takes the first frame, which is complete, out of the buffer; gives its payload.
    fn cut(&mut self, header: &ClientHeader) -> BytesMut {
        let total = total_len(header);
        self.looked_at = self.looked_at.saturating_sub(total);
        let mut frame = if total == self.buf.len() {
            // The usual case, one frame a read: the allocation needs no sharing.
            self.shared = false;
            mem::take(&mut self.buf)
        } else {
            self.shared = true;
            self.buf.split_to(total)
        };
        frame.advance(header.header_len);
        frame
    }

    fn begin_message(
        &mut self,
        kind: Kind,
        header: &ClientHeader,
        payload: BytesMut,
    ) -> Result<Option<Incoming>, FrameError> {
        if header.fin {
            return self.finish(kind, header.compressed, payload.freeze()).map(Some);
        }
        self.unfinished = Some(Box::new(Unfinished {
            kind,
            compressed: header.compressed,
            payload: payload.to_vec(),
        }));
        Ok(None)
    }

    fn continue_message(
        &mut self,
        fin: bool,
        payload: &[u8],
    ) -> Result<Option<Incoming>, FrameError> {
        let Some(mut message) = self.unfinished.take() else {
            return Err(FrameError::UnexpectedContinuation);
        };
        message.payload.extend_from_slice(payload);
        if fin {
            let Unfinished { kind, compressed, payload } = *message;
            return self.finish(kind, compressed, payload.into()).map(Some);
        }
        self.unfinished = Some(message);
        Ok(None)
    }

    fn finish(&self, kind: Kind, compressed: bool, payload: Bytes) -> Result<Incoming, FrameError> {
        let payload = match self.inflate {
            Some(inflate) if compressed => inflate(&payload, self.max_message_bytes)?,
            _ => payload,
        };
        Ok(Incoming::Message(match kind {
            Kind::Text => Text::try_from(payload).map_err(|_| FrameError::InvalidUtf8)?.into(),
            Kind::Binary => Frame::Binary(payload),
        }))
    }

    /// Holds no more than the frame that is under way, however long the wait for its rest.
    fn release(&mut self) {
        if self.buf.is_empty() {
            self.buf = BytesMut::new();
        } else if self.shared {
            self.buf = BytesMut::from(&self.buf[..]);
        }
        self.shared = false;
    }

    fn end(&mut self) {
        self.ended = true;
        self.looked_at = 0;
        self.buf = BytesMut::new();
        self.unfinished = None;
    }
}

/// Header and payload. Saturates only where memory could not hold the frame either.
fn total_len(header: &ClientHeader) -> usize {
    usize::try_from(header.payload_len).unwrap_or(usize::MAX).saturating_add(header.header_len)
}

/// How long the compressed form of a message at the limit may be: what does not compress grows.
fn compressed_limit(limit: usize) -> usize {
    limit.saturating_add(limit / 8).saturating_add(64)
}

#[cfg(test)]
#[path = "decoder_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "interop_tests.rs"]
mod interop;
