//! The closing handshake's frames (RFC 6455 sections 5.5.1 and 7.4).

use bytes::{Buf, Bytes};

use super::encoder::encode;
use super::frame::{CloseCode, Text};
use super::frame_error::FrameError;
use super::frame_header::OpCode;

/// The body of a close frame that a client sent, where it had one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientClose {
    /// Why the client closes.
    pub(crate) code: CloseCode,
    /// The client's own words, often empty; at most 123 bytes.
    pub(crate) reason: Text,
}

impl ClientClose {
    /// Reads the unmasked body of a close frame; `None` for an empty one.
    pub(super) fn parse(mut body: Bytes) -> Result<Option<Self>, FrameError> {
        if body.is_empty() {
            return Ok(None);
        }
        let code = body.try_get_u16().map_err(|_| FrameError::ShortCloseBody)?;
        let code = CloseCode::new(code).ok_or(FrameError::InvalidCloseCode(code))?;
        let reason = Text::try_from(body).map_err(|_| FrameError::InvalidUtf8)?;
        Ok(Some(Self { code, reason }))
    }
}

/// The frame that closes a connection with `code`. Where a client could do something about it, the
/// frame says what; Phoenix's never have a text.
pub(crate) fn close_frame(code: CloseCode) -> Bytes {
    let text = match code {
        CloseCode::TOO_BIG => "the message is too big",
        CloseCode::TRY_AGAIN => "too much waits for this connection: come back later",
        _ => "",
    };
    encode(OpCode::Close, &[&code.get().to_be_bytes(), text.as_bytes()].concat())
}

/// Bytes of a close frame's text beside its code: control frames have at most 125.
const LONGEST_TEXT: usize = 123;

/// The same with as much of a text as there is room for; without a code there is neither.
pub(crate) fn close_frame_saying(code: Option<CloseCode>, text: &str) -> Bytes {
    let Some(code) = code else { return Bytes::from_static(&[0x88, 0]) };
    let text = &text[..text.floor_char_boundary(LONGEST_TEXT)];
    encode(OpCode::Close, &[&code.get().to_be_bytes(), text.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &'static [u8]) -> Result<Option<ClientClose>, FrameError> {
        ClientClose::parse(Bytes::from_static(body))
    }

    #[test]
    fn a_close_frame_carries_its_code() {
        assert_eq!(close_frame(CloseCode::RESTART), &[0x88, 2, 0x03, 0xf4][..]);
    }

    #[test]
    fn a_client_reads_what_it_can_do_about_it() {
        for (code, text) in [
            (CloseCode::TOO_BIG, "the message is too big"),
            (CloseCode::TRY_AGAIN, "too much waits for this connection: come back later"),
        ] {
            let close = ClientClose::parse(close_frame(code).slice(2..)).unwrap().unwrap();
            assert_eq!((close.code, close.reason.as_str()), (code, text));
        }
    }

    #[test]
    fn a_close_frame_has_as_much_text_as_there_is_room_for_and_none_without_a_code() {
        let code = Some(CloseCode::NORMAL);
        assert_eq!(close_frame_saying(code, "bye"), &b"\x88\x05\x03\xe8bye"[..]);
        let long = format!("x{}", "é".repeat(100));
        let frame = close_frame_saying(code, &long);
        assert_eq!(frame[4..], long.as_bytes()[..123]);
        assert_eq!(close_frame_saying(code, &long[1..])[1], 124);
        assert_eq!(close_frame_saying(None, "bye"), &b"\x88\x00"[..]);
    }

    #[test]
    fn a_close_is_answered_with_its_own_code() {
        let close = parse(b"\x0f\xa0bye").unwrap().unwrap();
        assert_eq!((close.code.get(), close.reason.as_str()), (4000, "bye"));
        assert_eq!(close_frame_saying(Some(close.code), ""), &[0x88, 2, 0x0f, 0xa0][..]);
        assert_eq!(close_frame_saying(None, ""), encode(OpCode::Close, b""));
    }

    #[test]
    fn a_close_body_is_empty_or_has_a_code_and_utf8() {
        assert_eq!(parse(b""), Ok(None));
        assert_eq!(parse(b"\x03"), Err(FrameError::ShortCloseBody));
        assert_eq!(parse(b"\x03\xe8\xff"), Err(FrameError::InvalidUtf8));
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
            let body = Bytes::copy_from_slice(&u16::to_be_bytes(code));
            assert_eq!(ClientClose::parse(body), Err(FrameError::InvalidCloseCode(code)));
        }
    }
}
