//! Each rule of the decoder, and what holds for every stream.

#![expect(clippy::unnecessary_wraps, reason = "what is compared with the decoder's results")]

use proptest::prelude::*;

use super::super::frame_header::header;
use super::*;
use crate::wire::CloseCode;

const KEY: [u8; 4] = [1, 2, 3, 4];
const LIMIT: usize = 1000;

/// A masked frame with the given first byte (final bit, reserved bits, opcode).
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(OpCode::Text, payload.len()).to_vec();
    bytes[0] = first;
    bytes[1] |= 0x80;
    bytes.extend_from_slice(&KEY);
    let start = bytes.len();
    bytes.extend_from_slice(payload);
    unmask(&mut bytes[start..], KEY);
    bytes
}

/// Everything in `bytes`, fed in pieces of the given lengths over and over; the decoder after it.
fn decode(
    mut decoder: Decoder,
    mut bytes: &[u8],
    pieces: &[usize],
) -> (Vec<Result<Incoming, FrameError>>, Decoder) {
    let mut results = Vec::new();
    let mut pieces = pieces.iter().cycle();
    while !bytes.is_empty() {
        let (piece, rest) = bytes.split_at((*pieces.next().unwrap()).min(bytes.len()));
        decoder.feed(piece);
        results.extend(std::iter::from_fn(|| decoder.decode().transpose()));
        bytes = rest;
    }
    (results, decoder)
}

fn decode_all(frames: &[Vec<u8>]) -> Vec<Result<Incoming, FrameError>> {
    decode(Decoder::new(LIMIT), &frames.concat(), &[usize::MAX]).0
}

fn text(text: &str) -> Result<Incoming, FrameError> {
    Ok(Incoming::Message(Frame::text(text)))
}

fn binary(bytes: &[u8]) -> Result<Incoming, FrameError> {
    Ok(Incoming::Message(Frame::binary(bytes.to_vec())))
}

fn ping(bytes: &'static [u8]) -> Result<Incoming, FrameError> {
    Ok(Incoming::Ping(Bytes::from_static(bytes)))
}

#[track_caller]
fn assert_refused(frames: &[Vec<u8>], error: FrameError, code: CloseCode) {
    assert_eq!(decode_all(frames), [Err(error)]);
    assert_eq!(error.close_code(), code);
}

/// RFC 6455 section 5.7, the examples that a client may send.
#[test]
fn rfc_examples_are_read() {
    let hello = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec();
    assert_eq!(decode_all(&[hello]), [text("Hello")]);
    let pong = b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec();
    assert_eq!(decode_all(&[pong]), [Ok(Incoming::Pong(Bytes::from_static(b"Hello")))]);
    assert_eq!(decode_all(&[frame(0x01, b"Hel"), frame(0x80, b"lo")]), [text("Hello")]);
}

#[test]
fn all_lengths_are_read() {
    for len in [0, 1, 125, 126, 127, 65_535, 65_536, 200_000] {
        let payload = vec![b'x'; len];
        let decoder = Decoder::new(len);
        assert_eq!(decode(decoder, &frame(0x82, &payload), &[4096]).0, [binary(&payload)]);
    }
}

#[test]
fn a_length_in_a_longer_form_is_read() {
    let bytes = b"\x82\xff\0\0\0\0\0\0\0\x01\0\0\0\0x".to_vec();
    assert_eq!(decode_all(&[bytes]), [binary(b"x")]);
}

#[test]
fn several_frames_in_one_read_come_in_order() {
    let frames = [frame(0x81, b"one"), frame(0x82, b"two"), frame(0x89, b"?"), frame(0x81, b"")];
    assert_eq!(decode_all(&frames), [text("one"), binary(b"two"), ping(b"?"), text("")]);
}

#[test]
fn control_frames_come_at_once_inside_a_message() {
    let mut decoder = Decoder::new(LIMIT);
    decoder.feed(&[frame(0x01, b"\xc3"), frame(0x89, b"mid")].concat());
    assert_eq!(decoder.decode().transpose(), Some(ping(b"mid")));
    assert_eq!(decoder.decode(), Ok(None));
    decoder.feed(&[frame(0x00, b"\xa9"), frame(0x80, b"1")].concat());
    assert_eq!(decoder.decode().transpose(), Some(text("é1")));
}

#[test]
fn empty_fragments_are_legal_and_cost_nothing() {
    let mut decoder = Decoder::new(LIMIT);
    decoder.feed(&frame(0x01, b""));
    assert_eq!(decoder.decode(), Ok(None));
    for _ in 0..10_000 {
        decoder.feed(&frame(0x00, b""));
        assert_eq!(decoder.decode(), Ok(None));
    }
    assert_eq!(decoder.buffered_bytes(), 0);
    decoder.feed(&frame(0x80, b""));
    assert_eq!(decoder.decode().transpose(), Some(text("")));
}

#[test]
fn framing_errors_close_with_1002() {
    let text = frame(0x81, b"x");
    let open = frame(0x01, b"x");
    let refused = |frames: &[&[u8]], error| {
        let frames: Vec<_> = frames.iter().map(|frame| frame.to_vec()).collect();
        assert_refused(&frames, error, CloseCode::PROTOCOL);
    };
    refused(&[b"\x81\x01x", &text], FrameError::Unmasked);
    for reserved in [0xc1, 0xa1, 0x91, 0xf1, 0xc9, 0xc0] {
        refused(&[&frame(reserved, b"x"), &text], FrameError::ReservedBit);
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        refused(&[&frame(0x80 | opcode, b"x"), &text], FrameError::ReservedOpcode(opcode));
    }
    for control in [8, 9, 10] {
        refused(&[&frame(control, b"xx"), &text], FrameError::FragmentedControl);
        refused(&[&frame(0x80 | control, &[0; 126]), &text], FrameError::LongControl);
    }
    refused(&[&frame(0x80, b"x"), &text], FrameError::UnexpectedContinuation);
    refused(&[&frame(0x00, b"x"), &text], FrameError::UnexpectedContinuation);
    refused(&[&open, &text], FrameError::UnfinishedMessage);
    refused(&[&open, &frame(0x02, b"x")], FrameError::UnfinishedMessage);
    refused(&[b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff"], FrameError::InvalidLength);
}

#[test]
fn framing_errors_are_seen_in_the_first_two_bytes() {
    for bytes in [b"\x81\x7f", b"\x83\xff", b"\xb1\xff", b"\x09\xff", b"\x89\xff"] {
        assert!(decode_all(&[bytes.to_vec()])[0].is_err(), "{bytes:02x?}");
    }
}

#[test]
fn a_close_ends_the_stream() {
    let after = frame(0x81, b"late");
    assert_eq!(decode_all(&[frame(0x88, b""), after.clone()]), [Ok(Incoming::Close(None))]);
    let close = ClientClose { code: CloseCode::NORMAL, reason: "bye".into() };
    assert_eq!(
        decode_all(&[frame(0x01, b"half"), frame(0x88, b"\x03\xe8bye"), after]),
        [Ok(Incoming::Close(Some(close)))]
    );
}

#[test]
fn a_bad_close_body_closes_with_1002_or_1007() {
    assert_refused(&[frame(0x88, b"\x03")], FrameError::ShortCloseBody, CloseCode::PROTOCOL);
    let reserved = FrameError::InvalidCloseCode(1005);
    assert_refused(&[frame(0x88, b"\x03\xedbye")], reserved, CloseCode::PROTOCOL);
    let utf8 = FrameError::InvalidUtf8;
    assert_refused(&[frame(0x88, b"\x03\xe8\xff")], utf8, CloseCode::INVALID_DATA);
}

#[test]
fn text_that_is_not_utf8_closes_with_1007() {
    for bad in [&b"\xff"[..], b"\xed\xa0\x80", b"cut \xc3"] {
        assert_refused(&[frame(0x81, bad)], FrameError::InvalidUtf8, CloseCode::INVALID_DATA);
    }
    let fragments = [frame(0x01, b"\xff"), frame(0x80, b"x")];
    assert_refused(&fragments, FrameError::InvalidUtf8, CloseCode::INVALID_DATA);
    assert_eq!(decode_all(&[frame(0x82, b"\xff")]), [binary(b"\xff")]);
}

#[test]
fn a_message_at_the_limit_is_taken() {
    let payload = vec![b'x'; LIMIT];
    assert_eq!(decode_all(&[frame(0x82, &payload)]), [binary(&payload)]);
    let (first, rest) = payload.split_at(400);
    assert_eq!(decode_all(&[frame(0x02, first), frame(0x80, rest)]), [binary(&payload)]);
}

#[test]
fn a_message_above_the_limit_closes_with_1009() {
    let too_big = FrameError::TooBig { limit: LIMIT };
    assert_refused(&[frame(0x81, &[b'x'; LIMIT + 1])], too_big, CloseCode::TOO_BIG);
    let fragments = [frame(0x01, &[b'x'; LIMIT]), frame(0x00, b""), frame(0x80, b"x")];
    assert_refused(&fragments, too_big, CloseCode::TOO_BIG);
}

#[test]
fn a_limit_below_a_control_frame_does_not_concern_it() {
    let (decoded, _) = decode(Decoder::new(0), &frame(0x89, b"ping"), &[1]);
    assert_eq!(decoded, [ping(b"ping")]);
}

#[test]
fn an_announced_length_above_the_limit_is_refused_before_the_payload() {
    let header = &frame(0x82, &[0; LIMIT + 1])[..8];
    assert_eq!(decode_all(&[header.to_vec()]), [Err(FrameError::TooBig { limit: LIMIT })]);
    let huge = b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0".to_vec();
    assert_eq!(decode_all(&[huge]), [Err(FrameError::TooBig { limit: LIMIT })]);
}

#[test]
fn an_announced_length_reserves_nothing() {
    let mut decoder = Decoder::new(usize::MAX);
    decoder.feed(b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0");
    assert_eq!(decoder.decode(), Ok(None));
    assert!(decoder.buffered_bytes() < 100);
    for _ in 0..100 {
        decoder.feed(&[0; 1000]);
        assert_eq!(decoder.decode(), Ok(None));
    }
    assert!(decoder.buffered_bytes() < 210_000, "at most twice what arrived");
}

#[test]
fn a_long_frame_ends_in_a_buffer_of_its_size() {
    let bytes = frame(0x82, &vec![1; 100_000]);
    let mut decoder = Decoder::new(usize::MAX);
    let (last, before) = bytes.split_last().unwrap();
    for piece in before.chunks(4096) {
        decoder.feed(piece);
        assert_eq!(decoder.decode(), Ok(None));
    }
    assert_eq!(decoder.buffered_bytes(), bytes.len());
    decoder.feed(&[*last]);
    assert_eq!(decoder.decode().transpose(), Some(binary(&vec![1; 100_000])));
}

#[test]
fn nothing_is_held_between_messages() {
    let mut decoder = Decoder::new(LIMIT);
    assert_eq!(decoder.buffered_bytes(), 0);
    let fragmented = [frame(0x01, b"a"), frame(0x89, b""), frame(0x80, b"b")].concat();
    for bytes in [frame(0x81, b"one"), fragmented, frame(0x8a, b"pong")] {
        decoder.feed(&bytes);
        while let Ok(Some(_)) = decoder.decode() {}
        assert_eq!(decoder.buffered_bytes(), 0);
    }
}

#[test]
fn a_frame_under_way_does_not_hold_the_messages_before_it() {
    let mut decoder = Decoder::new(LIMIT);
    decoder.feed(&[frame(0x81, &[b'x'; 900]), b"\x81".to_vec()].concat());
    assert!(matches!(decoder.decode(), Ok(Some(Incoming::Message(_)))));
    assert_eq!(decoder.decode(), Ok(None));
    assert_eq!(decoder.buffered_bytes(), 1);
}

#[test]
fn nothing_is_held_after_an_error() {
    let mut decoder = Decoder::new(LIMIT);
    decoder.feed(&[frame(0x01, b"half"), frame(0x83, b""), frame(0x81, b"late")].concat());
    assert_eq!(decoder.decode(), Err(FrameError::ReservedOpcode(3)));
    decoder.feed(&frame(0x81, b"later"));
    assert_eq!(decoder.decode(), Ok(None));
    assert_eq!(decoder.buffered_bytes(), 0);
}

#[test]
fn the_messages_of_one_read_share_its_allocation() {
    let bytes = [frame(0x82, &[1; 100]), frame(0x82, &[2; 100])].concat();
    let messages: Vec<_> = decode_all(&[bytes])
        .into_iter()
        .map(|incoming| match incoming {
            Ok(Incoming::Message(message)) => message.into_bytes(),
            other => panic!("{other:?}"),
        })
        .collect();
    let distance = messages[1].as_ptr() as usize - messages[0].as_ptr() as usize;
    assert_eq!(distance, 106, "the second is where it stood in the read");
}

/// Stands in for decompression: doubles every byte.
fn twice(payload: &[u8], limit: usize) -> Result<Bytes, FrameError> {
    if payload.len() * 2 > limit {
        return Err(FrameError::TooBig { limit });
    }
    Ok(payload.iter().flat_map(|byte| [*byte, *byte]).collect())
}

fn decode_inflating(frames: &[Vec<u8>]) -> Vec<Result<Incoming, FrameError>> {
    decode(Decoder::new(LIMIT).with_inflate(twice), &frames.concat(), &[usize::MAX]).0
}

#[test]
fn the_first_reserved_bit_means_compressed_where_that_was_agreed() {
    let frames = [
        frame(0xc1, b"ab"),
        frame(0x81, b"ab"),
        frame(0x41, b"a"),
        frame(0x00, b"b"),
        frame(0x80, b"c"),
    ];
    assert_eq!(decode_inflating(&frames), [text("aabb"), text("ab"), text("aabbcc")]);
    assert_eq!(decode_inflating(&[frame(0xc1, b"\xc3")]), [Err(FrameError::InvalidUtf8)]);
}

#[test]
fn only_the_first_frame_of_a_message_may_be_marked_as_compressed() {
    for frames in [
        vec![frame(0xc9, b"")],
        vec![frame(0xc8, b"")],
        vec![frame(0x41, b"a"), frame(0xc0, b"b")],
        vec![frame(0xa1, b"")],
    ] {
        assert_eq!(decode_inflating(&frames), [Err(FrameError::ReservedBit)]);
    }
}

#[test]
fn the_limit_is_that_of_the_decompressed_message() {
    let too_big = [Err(FrameError::TooBig { limit: LIMIT })];
    assert_eq!(decode_inflating(&[frame(0xc2, &[0; LIMIT / 2])]), [binary(&[0; LIMIT])]);
    assert_eq!(decode_inflating(&[frame(0xc2, &[0; LIMIT / 2 + 1])]), too_big);
    assert_eq!(decode_inflating(&[frame(0xc2, &[0; LIMIT * 2])[..8].to_vec()]), too_big);
}

/// A frame that is mostly right and sometimes wrong in any way.
fn some_frame() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        8 => prop::sample::select(vec![0x01, 0x02, 0x00, 0x80, 0x81, 0x82, 0x89, 0x8a]),
        1 => prop::sample::select(vec![0x88, 0xc1, 0x41]),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        4 => "\\PC{0,20}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..400),
    ];
    (first, payload, prop::bool::weighted(0.98)).prop_map(|(first, payload, masked)| {
        let mut bytes = frame(first, &payload);
        if !masked {
            bytes[1] &= 0x7f;
        }
        bytes
    })
}

fn some_pieces() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1_usize..50, 1..8)
}

/// A message, and its frames.
fn some_message() -> impl Strategy<Value = (Incoming, Vec<u8>)> {
    (any::<bool>(), "\\PC{0,60}", prop::collection::vec(0_usize..40, 0..4)).prop_map(
        |(is_text, content, cuts)| {
            let mut rest = content.as_bytes();
            let mut bytes = Vec::new();
            let mut opcode = if is_text { 1 } else { 2 };
            for cut in cuts {
                let (fragment, after) = rest.split_at(cut.min(rest.len()));
                bytes.extend(frame(opcode, fragment));
                (rest, opcode) = (after, 0);
            }
            bytes.extend(frame(0x80 | opcode, rest));
            let message =
                if is_text { Frame::text(content) } else { Frame::binary(content.into_bytes()) };
            (Incoming::Message(message), bytes)
        },
    )
}

proptest! {
    #[test]
    fn how_a_stream_is_cut_into_reads_does_not_matter(
        frames in prop::collection::vec(some_frame(), 0..12),
        pieces in some_pieces(),
        inflates: bool,
    ) {
        let bytes = frames.concat();
        let decoder = || {
            let decoder = Decoder::new(300);
            if inflates { decoder.with_inflate(twice) } else { decoder }
        };
        let (whole, _) = decode(decoder(), &bytes, &[usize::MAX]);
        prop_assert_eq!(&decode(decoder(), &bytes, &[1]).0, &whole);
        prop_assert_eq!(&decode(decoder(), &bytes, &pieces).0, &whole);
    }

    #[test]
    fn no_bytes_can_make_it_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        pieces in some_pieces(),
        limit in prop_oneof![Just(0), Just(usize::MAX), 0_usize..600],
    ) {
        decode(Decoder::new(limit).with_inflate(twice), &bytes, &pieces);
    }

    #[test]
    fn messages_arrive_as_they_were_sent_however_they_were_cut(
        messages in prop::collection::vec(some_message(), 0..8),
        pieces in some_pieces(),
    ) {
        let (expected, bytes): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
        let (results, decoder) = decode(Decoder::new(LIMIT), &bytes.concat(), &pieces);
        let messages: Vec<_> = results.into_iter().map(Result::unwrap).collect();
        prop_assert_eq!(messages, expected);
        prop_assert_eq!(decoder.buffered_bytes(), 0);
    }
}

#[test]
fn a_close_frame_is_found_behind_messages_that_are_not_taken_and_each_frame_is_looked_at_once() {
    let frames = [frame(0x01, b"begun"), frame(0x89, b"ping"), frame(0x80, b"ended")].concat();
    let mut decoder = Decoder::new(LIMIT);
    for byte in &frames {
        decoder.feed(std::slice::from_ref(byte));
        assert!(!decoder.skip_to_close());
    }
    assert_eq!((decoder.unread(), decoder.looked_at), (frames.len(), frames.len()));
    // What is taken after all need not be looked at any more.
    assert_eq!(decoder.decode(), Ok(Some(Incoming::Ping(Bytes::from_static(b"ping")))));
    assert_eq!((decoder.unread(), decoder.looked_at), (11, 11));
    let close = frame(0x88, &1000_u16.to_be_bytes());
    decoder.feed(&close[..3]);
    assert!(!decoder.skip_to_close());
    decoder.feed(&close[3..]);
    assert!(decoder.skip_to_close());
    assert!(matches!(decoder.decode(), Ok(Some(Incoming::Close(Some(_))))));
    assert_eq!(decoder.decode(), Ok(None));
}
