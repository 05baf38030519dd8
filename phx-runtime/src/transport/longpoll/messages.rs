//! The messages in the body of a POST.

use std::borrow::Cow;

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::Bytes;

use crate::wire::{Frame, Text};

/// Clients write padding or leave it out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What is neither text nor bytes in Base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoMessage;

/// Takes a body apart, one message at a time.
///
/// A body is one text message, whatever its content type, unless that is `application/x-ndjson`.
/// Then each line is a message: text if it begins like JSON, else bytes in Base64 of any alphabet.
/// Blank lines are skipped. Phoenix takes text that begins with `[` only, so that version 1 has no
/// batches there, and no more than 100 lines, so that the rest is lost.
#[derive(Debug)]
pub(crate) enum Messages {
    One(Option<Bytes>),
    /// What is left, without blank lines at its beginning.
    Lines(Bytes),
}

impl Messages {
    pub(crate) fn new(body: Bytes, content_type: Option<&[u8]>) -> Self {
        if content_type.is_some_and(is_ndjson) {
            Self::Lines(without_blank_lines(&body))
        } else {
            Self::One(Some(body))
        }
    }

    /// Whether the last message has been taken.
    pub(super) fn is_done(&self) -> bool {
        match self {
            Self::One(body) => body.is_none(),
            Self::Lines(rest) => rest.is_empty(),
        }
    }
}

impl Iterator for Messages {
    type Item = Result<Frame, NoMessage>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::One(body) => body.take().map(text),
            Self::Lines(rest) if rest.is_empty() => None,
            Self::Lines(rest) => {
                let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                let line = rest.split_to(end);
                *rest = without_blank_lines(rest);
                let trimmed = line.trim_ascii();
                Some(match trimmed.first() {
                    Some(b'[' | b'{') => text(line.slice_ref(trimmed)),
                    _ => bytes(trimmed),
                })
            }
        }
    }
}

fn text(body: Bytes) -> Result<Frame, NoMessage> {
    Text::try_from(body).map(Frame::Text).map_err(|_| NoMessage)
}

fn bytes(base64: &[u8]) -> Result<Frame, NoMessage> {
    let standard = if base64.iter().any(|byte| matches!(byte, b'-' | b'_')) {
        let standard = base64.iter().map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            byte => *byte,
        });
        Cow::Owned(standard.collect::<Vec<_>>())
    } else {
        Cow::Borrowed(base64)
    };
    BASE64.decode(&*standard).map(Frame::binary).map_err(|_| NoMessage)
}

fn without_blank_lines(rest: &Bytes) -> Bytes {
    rest.slice_ref(rest.trim_ascii_start())
}

fn is_ndjson(content_type: &[u8]) -> bool {
    let kind = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    kind.trim_ascii().eq_ignore_ascii_case(b"application/x-ndjson")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Messages, NoMessage};
    use crate::wire::Frame;

    const NDJSON: Option<&[u8]> = Some(b"application/x-ndjson");

    fn all(body: &'static str, kind: Option<&[u8]>) -> Vec<Result<Frame, NoMessage>> {
        Messages::new(Bytes::from_static(body.as_bytes()), kind).collect()
    }

    #[test]
    fn a_body_of_any_other_type_is_one_text() {
        for kind in [None, Some(&b""[..]), Some(b"application/json"), Some(b"text/x-ndjson")] {
            assert_eq!(all("a\nb", kind), [Ok(Frame::text("a\nb"))]);
            assert_eq!(all("", kind), [Ok(Frame::text(""))]);
        }
        let not_text = Messages::new(Bytes::from_static(b"\xff"), None).collect::<Vec<_>>();
        assert_eq!(not_text, [Err(NoMessage)]);
    }

    #[test]
    fn lines_are_text_or_base64() {
        let body = "[1]\r\n{\"a\":1}\nAAEC\nAAE=\nAAE\n+/8=\n-_8\n";
        let expected = [
            Ok(Frame::text("[1]")),
            Ok(Frame::text("{\"a\":1}")),
            Ok(Frame::binary(&[0u8, 1, 2][..])),
            Ok(Frame::binary(&[0u8, 1][..])),
            Ok(Frame::binary(&[0u8, 1][..])),
            Ok(Frame::binary(&[0xfbu8, 0xff][..])),
            Ok(Frame::binary(&[0xfbu8, 0xff][..])),
        ];
        assert_eq!(all(body, NDJSON), expected);
        assert_eq!(all(body, Some(b"Application/X-NDJSON ; charset=utf-8")), expected);
    }

    #[test]
    fn a_line_that_is_neither_does_not_hide_the_others() {
        let expected = [Ok(Frame::text("[1]")), Err(NoMessage), Ok(Frame::text("[2]"))];
        assert_eq!(all("[1]\n!!!not base64\n[2]", NDJSON), expected);
    }

    #[test]
    fn blank_lines_are_no_messages() {
        assert_eq!(all("\n\r\n[1]\n\n", NDJSON), [Ok(Frame::text("[1]"))]);
        assert_eq!(all("", NDJSON), []);
    }

    #[test]
    fn a_batch_is_done_as_soon_as_its_last_message_is_taken() {
        let mut lines = Messages::new(Bytes::from_static(b"[1]\n[2]\r\n\r\n"), NDJSON);
        assert!(!lines.is_done());
        lines.next();
        assert!(!lines.is_done());
        lines.next();
        assert!(lines.is_done());
    }
}
