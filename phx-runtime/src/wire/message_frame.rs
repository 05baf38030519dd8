//! Frames whose payload is written in place, so that its length is known only afterwards.

use super::frame_header::{OpCode, header};

/// Room kept for the header; most messages have between 126 and 65,535 bytes or fewer.
const USUAL_HEADER: usize = 4;

/// Appends a text frame whose payload `write` appends.
pub(crate) fn put_text_frame(buffer: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; USUAL_HEADER]);
    write(buffer);
    let payload = start + USUAL_HEADER;
    let length = buffer.len() - payload;
    let header = header(OpCode::Text, length);
    match header.len() {
        shorter if shorter < USUAL_HEADER => {
            buffer.copy_within(payload.., start + shorter);
            buffer.truncate(start + shorter + length);
        }
        longer => {
            let more = longer - USUAL_HEADER;
            buffer.resize(buffer.len() + more, 0);
            buffer.copy_within(payload..payload + length, payload + more);
        }
    }
    buffer[start..start + header.len()].copy_from_slice(&header);
}

/// Appends a binary frame made of the given parts.
pub(crate) fn put_binary_frame(buffer: &mut Vec<u8>, parts: &[&[u8]]) {
    let length = parts.iter().map(|part| part.len()).sum();
    buffer.extend_from_slice(&header(OpCode::Binary, length));
    for part in parts {
        buffer.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::super::encoder::put_frame;
    use super::{OpCode, put_text_frame};

    #[test]
    fn a_frame_written_in_place_is_the_same_as_one_written_at_once() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 100_000] {
            let payload = vec![b'x'; length];
            let (mut in_place, mut at_once) = (b"before".to_vec(), b"before".to_vec());
            put_text_frame(&mut in_place, |buffer| buffer.extend_from_slice(&payload));
            put_frame(&mut at_once, OpCode::Text, &payload);
            assert_eq!(in_place, at_once, "{length}");
        }
    }
}
