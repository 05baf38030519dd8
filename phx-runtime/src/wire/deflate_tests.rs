//! Messages through compression and back, the examples of RFC 7692, and damage.

use proptest::prelude::*;

use super::*;
use crate::wire::{
    CloseCode, Decoder, Frame, Incoming, OpCode,
    encoder::{self, ServerFrame, server_frames},
};

fn only_frame(bytes: Bytes) -> ServerFrame {
    let mut frames = server_frames(bytes);
    let frame = frames.next().unwrap();
    assert_eq!(frames.next(), None);
    frame
}

fn encode(opcode: OpCode, payload: &[u8]) -> Bytes {
    compress(&encoder::encode(opcode, payload))
}

/// What a client gets out of an encoded frame.
fn through(payload: &[u8]) -> Bytes {
    let frame = only_frame(encode(OpCode::Binary, payload));
    if frame.compressed {
        assert!(frame.payload.len() < payload.len());
        inflate(&frame.payload, payload.len()).unwrap()
    } else {
        frame.payload
    }
}

/// RFC 7692 section 7.2.3: one block, a stored block, a last block, two blocks; and an empty
/// message (section 7.2.3.6).
#[test]
fn rfc_examples_are_read() {
    for compressed in [
        &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00][..],
        &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00],
        &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
        &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00],
    ] {
        assert_eq!(inflate(compressed, 5).unwrap(), "Hello", "{compressed:02x?}");
    }
    assert_eq!(inflate(&[0], 0).unwrap(), "");
    assert_eq!(inflate(&[], 0).unwrap(), "");
}

/// RFC 7692 section 7.2.3.1, fragmented, with the mask of RFC 6455 section 5.7.
#[test]
fn a_compressed_message_in_fragments_is_read() {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = Vec::new();
    for (first, payload) in [(0x41, &[0xf2, 0x48, 0xcd][..]), (0x80, &[0xc9, 0xc9, 0x07, 0x00])] {
        bytes.extend([first, 0x80 | u8::try_from(payload.len()).unwrap()]);
        bytes.extend(key);
        bytes.extend(payload.iter().zip(key).map(|(byte, key)| byte ^ key));
    }
    let mut decoder = Decoder::new(5).with_inflate(inflate);
    decoder.feed(&bytes);
    assert_eq!(decoder.decode(), Ok(Some(Incoming::Message(Frame::text("Hello")))));
    assert_eq!(decoder.buffered_bytes(), 0);
}

#[test]
fn a_message_that_refers_to_an_earlier_one_is_refused() {
    assert_eq!(inflate(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], 100).unwrap(), "Hello");
    let again = inflate(&[0xf2, 0x00, 0x11, 0x00, 0x00], 100);
    assert_eq!(again, Err(FrameError::InvalidDeflate));
    assert_eq!(FrameError::InvalidDeflate.close_code(), CloseCode::INVALID_DATA);
}

#[test]
fn damage_is_refused() {
    for damaged in [
        &[0xff, 0xff, 0xff][..],
        &[0xf2, 0x48, 0xcd, 0xc9],
        &[0xf2, 0x48, 0xcd, 0xc9, 0xc9],
        &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65],
        &[0x00, 0x05, 0x00, 0xfa, 0xfe, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00],
        &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00, 0x00],
        &[0x06],
    ] {
        assert_eq!(inflate(damaged, 100), Err(FrameError::InvalidDeflate), "{damaged:02x?}");
    }
}

#[test]
fn every_cut_of_a_message_is_refused_or_shorter() {
    let payload = b"a message with some repetition in it, and a message again".repeat(8);
    let frame = only_frame(encode(OpCode::Text, &payload));
    for cut in 1..frame.payload.len() {
        let read = inflate(&frame.payload[..cut], payload.len());
        assert!(read.is_err() || read.as_ref().is_ok_and(|read| read.len() < payload.len()));
    }
}

#[test]
fn an_error_leaves_nothing_behind_for_the_next_message() {
    let payload = vec![b'a'; 1000];
    let frame = only_frame(encode(OpCode::Text, &payload));
    assert!(inflate(&[0xff, 0xff], 1000).is_err());
    assert!(inflate(&frame.payload, 999).is_err());
    assert_eq!(inflate(&frame.payload, 1000).unwrap(), payload);
}

#[test]
fn decompression_stops_at_the_limit() {
    let payload = vec![0; 1 << 20];
    let frame = only_frame(encode(OpCode::Binary, &payload));
    assert!(frame.compressed && frame.payload.len() < 10_000);
    for limit in [0, 1, 8192, (1 << 20) - 1] {
        assert_eq!(inflate(&frame.payload, limit), Err(FrameError::TooBig { limit }));
    }
    assert_eq!(inflate(&frame.payload, 1 << 20).unwrap(), payload);
    assert_eq!(inflate(&frame.payload, usize::MAX).unwrap(), payload);
}

#[test]
fn what_would_not_get_shorter_is_sent_as_it_is() {
    let short = vec![b'a'; MIN_BYTES - 1];
    assert_eq!(encode(OpCode::Text, &short), encoder::encode(OpCode::Text, &short));

    // A pseudo-random sequence, which has nothing to compress.
    let mut state = 1_u64;
    let random: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    })
    .take(100_000)
    .collect();
    assert_eq!(encode(OpCode::Binary, &random), encoder::encode(OpCode::Binary, &random));
}

#[test]
fn control_frames_are_never_compressed() {
    let payload = [b'a'; 125];
    assert_eq!(encode(OpCode::Ping, &payload), encoder::encode(OpCode::Ping, &payload));
}

#[test]
fn sizes_around_the_buffers_survive() {
    let long: Vec<u8> = (0..200_000_u32).flat_map(|number| (number / 3).to_be_bytes()).collect();
    for len in [0, 127, 128, 129, 8191, 8192, 8193, 16_384, 65_535, 65_536, long.len()] {
        assert_eq!(through(&long[..len]), long[..len]);
        assert_eq!(through(&vec![7; len]), vec![7; len]);
    }
}

proptest! {
    // Fewer than usual: compression is slow without optimisation.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn messages_survive(
        words in prop::collection::vec("[a-c]{1,3}|\\PC{1,4}", 0..600),
    ) {
        let payload = words.concat();
        prop_assert_eq!(through(payload.as_bytes()), payload.as_bytes());
    }

    #[test]
    fn no_bytes_can_make_it_panic_or_pass_the_limit(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        limit in 0_usize..3000,
    ) {
        if let Ok(message) = inflate(&bytes, limit) {
            prop_assert!(message.len() <= limit);
        }
    }

    #[test]
    fn a_flipped_bit_cannot_make_it_panic_or_pass_the_limit(
        words in prop::collection::vec("[a-c]{1,9}", 50..200),
        at: prop::sample::Index,
        bit in 0..8_u32,
    ) {
        let payload = words.concat();
        let mut bytes = only_frame(encode(OpCode::Text, payload.as_bytes())).payload.to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= 1_u8 << bit;
        if let Ok(message) = inflate(&bytes, payload.len()) {
            prop_assert!(message.len() <= payload.len());
        }
    }
}
