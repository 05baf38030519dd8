//! Writing server frames, and finding them again in what was written.
//!
//! A server frame is never masked and never fragmented, so a message is encoded once and the same
//! bytes go to every subscriber.

use bytes::{BufMut, Bytes};

use super::frame_header::{OpCode, compressed_header, header, server_frame_len};

/// Appends one whole frame.
pub(crate) fn put_frame(buf: &mut impl BufMut, opcode: OpCode, payload: &[u8]) {
    buf.put_slice(&header(opcode, payload.len()));
    buf.put_slice(payload);
}

/// One whole frame in an allocation of its exact size.
pub(crate) fn encode(opcode: OpCode, payload: &[u8]) -> Bytes {
    concat(&header(opcode, payload.len()), payload)
}

/// As [`encode`], around a payload that is already compressed.
pub(super) fn encode_compressed(opcode: OpCode, payload: &[u8]) -> Bytes {
    concat(&compressed_header(opcode, payload.len()), payload)
}

fn concat(header: &[u8], payload: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(header.len() + payload.len());
    frame.extend_from_slice(header);
    frame.extend_from_slice(payload);
    frame.into()
}

/// One frame taken out of encoded bytes: see [`server_frames`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerFrame {
    /// What the frame carries.
    pub(crate) opcode: OpCode,
    /// Whether the payload is compressed.
    pub(crate) compressed: bool,
    /// The payload, a slice of the encoded bytes.
    pub(crate) payload: Bytes,
}

/// Takes encoded server frames apart again, without a copy.
///
/// This serves transports that are handed frames but do not write frames, as long-polling. It ends
/// at the first frame that is incomplete.
pub(crate) fn server_frames(mut encoded: Bytes) -> impl Iterator<Item = ServerFrame> {
    std::iter::from_fn(move || {
        let frame = server_frame_len(&encoded)?;
        if frame.total_len > encoded.len() {
            return None;
        }
        let payload = encoded.split_to(frame.total_len).slice(frame.header_len..);
        Some(ServerFrame { opcode: frame.opcode, compressed: frame.compressed, payload })
    })
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;

    /// RFC 6455 section 5.7, the unmasked examples that a server may send.
    #[test]
    fn rfc_examples_are_written() {
        assert_eq!(encode(OpCode::Text, b"Hello"), &b"\x81\x05Hello"[..]);
        assert_eq!(encode(OpCode::Ping, b"Hello"), &b"\x89\x05Hello"[..]);
        assert_eq!(encode(OpCode::Binary, &[0; 256])[..4], b"\x82\x7e\x01\x00"[..]);
        assert_eq!(
            encode(OpCode::Binary, &vec![0; 65_536])[..10],
            b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"[..]
        );
    }

    #[test]
    fn appended_frames_come_apart_again() {
        let long = vec![7; 70_000];
        let payloads: [(OpCode, &[u8]); 4] = [
            (OpCode::Text, b"one"),
            (OpCode::Binary, &long),
            (OpCode::Pong, b""),
            (OpCode::Text, &long[..200]),
        ];
        let (mut vec, mut bytes) = (Vec::new(), BytesMut::new());
        for (opcode, payload) in payloads {
            put_frame(&mut vec, opcode, payload);
            put_frame(&mut bytes, opcode, payload);
            assert!(bytes.ends_with(&encode(opcode, payload)));
        }
        assert_eq!(vec, bytes);

        let found: Vec<_> = server_frames(bytes.freeze()).collect();
        let expected: Vec<_> = payloads
            .into_iter()
            .map(|(opcode, payload)| ServerFrame {
                opcode,
                compressed: false,
                payload: Bytes::copy_from_slice(payload),
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn taking_frames_apart_ends_at_a_cut() {
        let mut bytes = encode(OpCode::Text, b"whole").to_vec();
        bytes.extend_from_slice(b"\x81\x05cut");
        let found: Vec<_> = server_frames(bytes.into()).map(|frame| frame.payload).collect();
        assert_eq!(found, [&b"whole"[..]]);
    }

    #[test]
    fn the_compressed_bit_survives() {
        let frames: Vec<_> = server_frames(encode_compressed(OpCode::Text, b"x")).collect();
        assert!(frames[0].compressed);
    }
}
