//! Frame headers on the wire (RFC 6455 section 5.2).

use std::ops::Deref;

use super::frame_error::FrameError;

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const RSV2_RSV3: u8 = 0x30;
const OPCODE: u8 = 0x0f;
const MASK: u8 = 0x80;
const LENGTH: u8 = 0x7f;

/// Longest payload of a control frame.
pub(crate) const MAX_CONTROL_BYTES: usize = 125;

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum OpCode {
    /// A further fragment of a message.
    Continuation = 0,
    /// Text, or the first fragment of it.
    Text = 1,
    /// Bytes, or the first fragment of them.
    Binary = 2,
    /// The end of the connection.
    Close = 8,
    /// A question for a sign of life.
    Ping = 9,
    /// The answer to it.
    Pong = 10,
}

impl OpCode {
    /// The opcode of a header's first byte; `None` for reserved ones.
    fn of(first: u8) -> Option<Self> {
        Some(match first & OPCODE {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    /// Whether this is a close, ping or pong.
    pub(crate) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// An encoded header of a server frame: 2 to 10 bytes on the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeaderBytes {
    bytes: [u8; 10],
    len: u8,
}

impl Deref for HeaderBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// The header of an unmasked frame that is a whole message, for `len` bytes of payload.
pub(crate) fn header(opcode: OpCode, len: usize) -> HeaderBytes {
    encode(FIN | opcode as u8, len)
}

/// As [`header`], for a payload compressed by permessage-deflate (RFC 7692: RSV1 set).
pub(crate) fn compressed_header(opcode: OpCode, len: usize) -> HeaderBytes {
    encode(FIN | RSV1 | opcode as u8, len)
}

fn encode(first: u8, len: usize) -> HeaderBytes {
    let mut bytes = [0; 10];
    bytes[0] = first;
    let header_len = if let Ok(short @ 0..=125) = u8::try_from(len) {
        bytes[1] = short;
        2
    } else if let Ok(medium) = u16::try_from(len) {
        bytes[1] = 126;
        bytes[2..4].copy_from_slice(&medium.to_be_bytes());
        4
    } else {
        bytes[1] = 127;
        bytes[2..].copy_from_slice(&(len as u64).to_be_bytes());
        10
    };
    HeaderBytes { bytes, len: header_len }
}

/// The header of a frame that a client sent, as far as it can be judged alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientHeader {
    /// Whether this is the message's last fragment.
    pub(crate) fin: bool,
    /// RSV1: a message compressed by permessage-deflate, if that was agreed.
    pub(crate) compressed: bool,
    /// What the frame carries.
    pub(crate) opcode: OpCode,
    /// The masking key.
    pub(crate) key: [u8; 4],
    /// Length of the header in bytes.
    pub(crate) header_len: usize,
    /// Length of the payload in bytes, as announced.
    pub(crate) payload_len: u64,
}

impl ClientHeader {
    /// Reads the header at the start of `bytes`; `None` while it is incomplete.
    ///
    /// A length that is written with more bytes than it needs is taken: RFC 6455 forbids it, but
    /// nothing can be done with it, and some small clients know only one form.
    ///
    /// # Errors
    ///
    /// Every rule that a header can break without regard to the frames before it; reported from the
    /// first two bytes where they are enough.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Self>, FrameError> {
        let &[first, second, ref rest @ ..] = bytes else {
            return Ok(None);
        };
        if first & RSV2_RSV3 != 0 {
            return Err(FrameError::ReservedBit);
        }
        let opcode = OpCode::of(first).ok_or(FrameError::ReservedOpcode(first & OPCODE))?;
        if second & MASK == 0 {
            return Err(FrameError::Unmasked);
        }
        let fin = first & FIN != 0;
        if opcode.is_control() {
            if !fin {
                return Err(FrameError::FragmentedControl);
            }
            if usize::from(second & LENGTH) > MAX_CONTROL_BYTES {
                return Err(FrameError::LongControl);
            }
        }
        let Some((payload_len, rest, length_bytes)) = length(second, rest) else {
            return Ok(None);
        };
        if payload_len > i64::MAX as u64 {
            return Err(FrameError::InvalidLength);
        }
        let Some(&key) = rest.first_chunk::<4>() else {
            return Ok(None);
        };
        Ok(Some(Self {
            fin,
            compressed: first & RSV1 != 0,
            opcode,
            key,
            header_len: 2 + length_bytes + key.len(),
            payload_len,
        }))
    }
}

/// Where a frame of ours begins and ends: see [`server_frame_len`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServerFrameLen {
    /// Length of the header in bytes.
    pub(crate) header_len: usize,
    /// Length of header and payload in bytes.
    pub(crate) total_len: usize,
    /// What the frame carries.
    pub(crate) opcode: OpCode,
    /// Whether the payload is compressed.
    pub(crate) compressed: bool,
}

/// Measures the server frame at the start of `bytes`, of which only the header needs to be there.
///
/// This is how frame boundaries are found in a queue of encoded frames. `None` if the header is
/// incomplete, or is not one that this module writes.
pub(crate) fn server_frame_len(bytes: &[u8]) -> Option<ServerFrameLen> {
    let &[first, second, ref rest @ ..] = bytes else {
        return None;
    };
    let opcode = OpCode::of(first)?;
    if second & MASK != 0 {
        return None;
    }
    let (payload_len, _, length_bytes) = length(second, rest)?;
    let header_len = 2 + length_bytes;
    Some(ServerFrameLen {
        header_len,
        total_len: header_len.checked_add(usize::try_from(payload_len).ok()?)?,
        opcode,
        compressed: first & RSV1 != 0,
    })
}

/// The payload length, what follows it, and how many bytes it took beyond the second.
fn length(second: u8, rest: &[u8]) -> Option<(u64, &[u8], usize)> {
    match second & LENGTH {
        126 => {
            let (len, rest) = rest.split_first_chunk::<2>()?;
            Some((u16::from_be_bytes(*len).into(), rest, 2))
        }
        127 => {
            let (len, rest) = rest.split_first_chunk::<8>()?;
            Some((u64::from_be_bytes(*len), rest, 8))
        }
        len => Some((len.into(), rest, 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_takes_the_fewest_bytes() {
        let cases: [(usize, &[u8]); 7] = [
            (0, &[0x82, 0]),
            (125, &[0x82, 125]),
            (126, &[0x82, 126, 0, 126]),
            (256, &[0x82, 126, 1, 0]),
            (65_535, &[0x82, 126, 0xff, 0xff]),
            (65_536, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
            (0x0102_0304, &[0x82, 127, 0, 0, 0, 0, 1, 2, 3, 4]),
        ];
        for (len, bytes) in cases {
            assert_eq!(&*header(OpCode::Binary, len), bytes);
        }
        assert_eq!(&*compressed_header(OpCode::Text, 5), &[0xc1, 5]);
    }

    #[test]
    fn a_written_header_is_measured_from_its_bytes_alone() {
        for len in [0, 1, 125, 126, 65_535, 65_536, 1 << 24] {
            for opcode in [OpCode::Text, OpCode::Binary, OpCode::Close, OpCode::Ping, OpCode::Pong]
            {
                for (bytes, compressed) in
                    [(header(opcode, len), false), (compressed_header(opcode, len), true)]
                {
                    let expected = ServerFrameLen {
                        header_len: bytes.len(),
                        total_len: bytes.len() + len,
                        opcode,
                        compressed,
                    };
                    assert_eq!(server_frame_len(&bytes), Some(expected));
                    for cut in 0..bytes.len() {
                        assert_eq!(server_frame_len(&bytes[..cut]), None);
                    }
                }
            }
        }
    }

    #[test]
    fn foreign_frames_are_not_measured() {
        assert_eq!(server_frame_len(&[0x83, 0]), None, "reserved opcode");
        assert_eq!(server_frame_len(&[0x81, 0x80, 0, 0, 0, 0]), None, "masked");
        assert_eq!(server_frame_len(&[0x81, 127, 255, 255, 255, 255, 255, 255, 255, 255]), None);
    }

    #[test]
    fn a_client_header_is_read_once_it_is_complete() {
        let short = [0x01, 0x85, 1, 2, 3, 4];
        let medium = [0x82, 0xfe, 0x01, 0x00, 1, 2, 3, 4];
        let long = [0xc2, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4];
        for (bytes, fin, compressed, opcode, payload_len) in [
            (&short[..], false, false, OpCode::Text, 5),
            (&medium, true, false, OpCode::Binary, 256),
            (&long, true, true, OpCode::Binary, 65_536),
        ] {
            let key = [1, 2, 3, 4];
            let header_len = bytes.len();
            let expected = ClientHeader { fin, compressed, opcode, key, header_len, payload_len };
            assert_eq!(ClientHeader::parse(bytes), Ok(Some(expected)));
            for cut in 0..header_len {
                assert_eq!(ClientHeader::parse(&bytes[..cut]), Ok(None));
            }
        }
    }

    #[test]
    fn a_length_with_its_highest_bit_set_is_an_error() {
        let bytes = [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(ClientHeader::parse(&bytes), Err(FrameError::InvalidLength));
    }
}
