//! Compressing and decompressing single messages (RFC 7692 section 7.2).
//!
//! Every message stands alone, as [`super::extensions`] agrees on it. What the algorithm needs
//! belongs to the thread and is used again for the next message, so a connection holds nothing.

use std::cell::{Cell, RefCell};
use std::mem;

use bytes::Bytes;
use miniz_oxide::deflate::CompressionLevel;
use miniz_oxide::deflate::core::CompressorOxide;
use miniz_oxide::deflate::stream::deflate;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use miniz_oxide::{DataFormat, MZFlush};

use super::encoder::encode_compressed;
use super::frame_error::FrameError;
use super::frame_header::server_frame_len;

/// Shorter messages are sent as they are: compression costs microseconds and gains a few bytes.
const MIN_BYTES: usize = 128;

/// First size of an output buffer.
const FIRST_BYTES: usize = 8 * 1024;

/// A thread that handled a long message gives its buffer back above this size.
const KEPT_BYTES: usize = 64 * 1024;

/// The empty block of a flush; a sender leaves it out and a receiver puts it back.
const FLUSH: [u8; 4] = [0, 0, 0xff, 0xff];

/// What is put back, and a last block. Only data that ends where a block ends makes the stream end
/// with it, so this finds messages that were cut short.
const END: [u8; 9] = [0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff];

struct Deflater {
    state: CompressorOxide,
    output: Vec<u8>,
}

struct Inflater {
    state: DecompressorOxide,
    output: Vec<u8>,
}

thread_local! {
    /// Bytes that were compressed, and bytes that came of decompressing, since somebody asked.
    static WORK: Cell<usize> = const { Cell::new(0) };
    static DEFLATER: RefCell<Deflater> = RefCell::new(Deflater {
        // The higher levels gain a tenth for many times the work.
        state: CompressorOxide::with_format_and_level(DataFormat::Raw, CompressionLevel::BestSpeed),
        output: Vec::new(),
    });
    static INFLATER: RefCell<Box<Inflater>> = RefCell::new(Box::new(Inflater {
        state: DecompressorOxide::new(),
        output: Vec::new(),
    }));
}

/// One whole frame of ours, compressed if that makes it shorter; else the frame itself, shared.
///
/// Only for connections that agreed on permessage-deflate; the same bytes fit all of them.
pub(crate) fn compress(frame: &Bytes) -> Bytes {
    let Some(lengths) = server_frame_len(frame) else { return frame.clone() };
    let payload = &frame[lengths.header_len..];
    if lengths.opcode.is_control() || payload.len() < MIN_BYTES {
        return frame.clone();
    }
    debug_assert_eq!(lengths.total_len, frame.len(), "one frame at a time");
    worked(payload.len());
    DEFLATER.with_borrow_mut(|deflater| {
        let compressed = deflater.run(payload);
        let compressed = compressed.map(|payload| encode_compressed(lengths.opcode, payload));
        if deflater.output.len() > KEPT_BYTES {
            deflater.output = Vec::new();
        }
        compressed.unwrap_or_else(|| frame.clone())
    })
}

/// The message behind a compressed payload, at most `limit` bytes long.
///
/// Given to [`super::decoder::Decoder::with_inflate`].
///
/// # Errors
///
/// [`FrameError::TooBig`] as soon as the limit is passed, [`FrameError::InvalidDeflate`] for data
/// that is damaged, cut short, or refers to an earlier message.
pub(crate) fn inflate(payload: &[u8], limit: usize) -> Result<Bytes, FrameError> {
    // Not by the book (an empty message is one byte), but its meaning is clear.
    if payload.is_empty() {
        return Ok(Bytes::new());
    }
    INFLATER.with_borrow_mut(|inflater| {
        let len = inflater.run(payload, limit);
        worked(*len.as_ref().unwrap_or(&limit));
        if inflater.output.len() <= KEPT_BYTES {
            return Ok(Bytes::copy_from_slice(&inflater.output[..len?]));
        }
        let mut output = mem::take(&mut inflater.output);
        output.truncate(len?);
        Ok(output.into_boxed_slice().into())
    })
}

fn worked(bytes: usize) {
    WORK.set(WORK.get().saturating_add(bytes));
}

/// How many bytes were worked on in this thread since the last call: whoever made it work pays for
/// it with turns.
pub(crate) fn take_work() -> usize {
    WORK.take()
}

impl Deflater {
    /// `None` if the result would be no shorter.
    fn run(&mut self, payload: &[u8]) -> Option<&[u8]> {
        let room = payload.len() + FLUSH.len();
        if self.output.len() < room {
            self.output.resize(room, 0);
        }
        self.state.reset();
        let output = &mut self.output[..room];
        let result = deflate(&mut self.state, payload, output, MZFlush::Sync);
        // With the room used up the flush may be incomplete, and nothing was gained.
        let complete = result.status.is_ok()
            && result.bytes_consumed == payload.len()
            && result.bytes_written < room;
        if complete { output[..result.bytes_written].strip_suffix(&FLUSH) } else { None }
    }
}

impl Inflater {
    /// Leaves the message in `output`; gives its length.
    fn run(&mut self, payload: &[u8], limit: usize) -> Result<usize, FrameError> {
        self.state.init();
        let mut len = 0;
        if let Some(rest) = self.feed(payload, limit, &mut len)? {
            // The sender ended the stream itself; RFC 7692 section 7.2.3.4 has it add a zero byte.
            return matches!(rest, [] | [0]).then_some(len).ok_or(FrameError::InvalidDeflate);
        }
        match self.feed(&END, limit, &mut len)? {
            Some(_) => Ok(len),
            None => Err(FrameError::InvalidDeflate),
        }
    }

    /// Writes what `input` decompresses to at `len`. If the stream ends in it, gives what follows.
    fn feed<'a>(
        &mut self,
        mut input: &'a [u8],
        limit: usize,
        len: &mut usize,
    ) -> Result<Option<&'a [u8]>, FrameError> {
        // The output is the whole message and not a window of it. So a reference to before its
        // start, where bytes of another client's message may be, is an error.
        const FLAGS: u32 = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | TINFL_FLAG_HAS_MORE_INPUT;
        loop {
            let (status, read, written) =
                decompress(&mut self.state, input, &mut self.output, *len, FLAGS);
            *len += written;
            input = &input[read..];
            if *len > limit {
                return Err(FrameError::TooBig { limit });
            }
            match status {
                TINFLStatus::Done => return Ok(Some(input)),
                TINFLStatus::NeedsMoreInput => return Ok(None),
                TINFLStatus::HasMoreOutput if *len == self.output.len() => self.grow(limit),
                _ => return Err(FrameError::InvalidDeflate),
            }
        }
    }

    /// Makes room for more output; one byte more than allowed shows that there is too much.
    fn grow(&mut self, limit: usize) {
        let longest = limit.saturating_add(1);
        let grown = self.output.len().saturating_mul(2).max(FIRST_BYTES).min(longest);
        self.output.resize(grown.max(self.output.len()), 0);
    }
}

#[cfg(test)]
#[path = "deflate_tests.rs"]
mod tests;
