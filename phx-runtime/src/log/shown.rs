//! Texts that somebody else wrote, as lines show them: escaped and cut.

use std::{
    borrow::Cow,
    fmt::{self, Display, Write},
};

/// How many bytes a line shows of a name: of a topic, an event, a ref, a path, a header.
const NAME: usize = 256;

/// How many bytes it shows of what can be longer: parameters and errors.
const TEXT: usize = 1024;

/// A text of a client, or one that may contain such a text. It neither breaks its line nor paints
/// or turns round what the terminal shows of it, and it is never long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown<'a>(Cow<'a, str>);

impl<'a> Shown<'a> {
    pub(crate) fn name(text: &'a str) -> Self {
        if text.len() <= NAME && !text.contains(is_escaped) {
            return Self(text.into());
        }
        let mut cut = Cut::new(NAME);
        let written = cut.write_str(text);
        Self(cut.finish(written.is_ok(), text.len()).into())
    }

    /// The value of a header, which need not be text.
    pub(crate) fn header(value: &[u8]) -> Shown<'static> {
        let mut cut = Cut::new(NAME);
        // What is cut off need not be decoded.
        let begin = String::from_utf8_lossy(&value[..value.len().min(NAME)]);
        let written = cut.write_str(&begin);
        Shown(cut.finish(written.is_ok() && value.len() <= NAME, value.len()).into())
    }

    /// An error, or whatever else is longer than a name.
    pub(crate) fn text(what: impl Display) -> Shown<'static> {
        let mut cut = Cut::new(TEXT);
        let written = write!(cut, "{what}");
        Shown(cut.finish(written.is_ok(), None).into())
    }

    pub(crate) fn into_owned(self) -> Shown<'static> {
        Shown(self.0.into_owned().into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Controls, and characters that are not seen but move, join or turn round others.
fn is_escaped(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Takes a text up to a number of bytes, escaped as in JSON. What does not fit is an error, so that
/// whoever writes can stop.
pub(super) struct Cut {
    out: String,
    limit: usize,
}

impl Cut {
    fn new(limit: usize) -> Self {
        Self { out: String::new(), limit }
    }

    pub(super) fn text() -> Self {
        Self::new(TEXT)
    }

    fn put(&mut self, text: &str) -> fmt::Result {
        let room = self.limit - self.out.len();
        if text.len() <= room {
            self.out.push_str(text);
            return Ok(());
        }
        self.out.push_str(&text[..text.floor_char_boundary(room)]);
        Err(fmt::Error)
    }

    /// What was taken, with a sign where it is not the whole, and the size of the whole in bytes.
    pub(super) fn finish(self, is_whole: bool, size: impl Into<Option<usize>>) -> String {
        let mut out = self.out;
        if !is_whole {
            out.push('…');
            if let Some(size) = size.into() {
                // Writing to memory cannot fail.
                let _ = write!(out, " ({size} bytes)");
            }
        }
        out
    }
}

impl Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(is_escaped) {
            match part.char_indices().next_back().filter(|(_, last)| is_escaped(*last)) {
                Some((at, last)) => {
                    self.put(&part[..at])?;
                    self.put_escaped(last)?;
                }
                None => self.put(part)?,
            }
        }
        Ok(())
    }
}

impl Cut {
    fn put_escaped(&mut self, c: char) -> fmt::Result {
        match c {
            '\n' => self.put("\\n"),
            '\r' => self.put("\\r"),
            '\t' => self.put("\\t"),
            _ => {
                let mut units = [0; 2];
                let units = c.encode_utf16(&mut units).iter();
                units.map(|unit| format!("\\u{unit:04x}")).try_for_each(|unit| self.put(&unit))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_a_client_cannot_break_paint_or_turn_round_a_line() {
        for (text, shown) in [
            ("room:lobby", "room:lobby"),
            ("räum:ß हिन्दी", "räum:ß हिन्दी"),
            ("a\nJOINED admin\r", "a\\nJOINED admin\\r"),
            ("\u{1b}[31m\u{9b}31m", "\\u001b[31m\\u009b31m"),
            ("\u{85}\u{2028}\u{2029}", "\\u0085\\u2028\\u2029"),
            ("a\u{202e}b\u{2066}c\u{200b}\u{feff}", "a\\u202eb\\u2066c\\u200b\\ufeff"),
            ("\u{e0041}", "\\udb40\\udc41"),
        ] {
            assert_eq!(Shown::name(text).as_str(), shown);
            assert_eq!(Shown::text(text).as_str(), shown);
            assert_eq!(Shown::header(text.as_bytes()).as_str(), shown);
        }
        assert_eq!(Shown::header(b"a\xff").as_str(), "a\u{fffd}");
    }

    #[test]
    fn a_text_is_cut_however_long_it_is_and_however_much_is_escaped() {
        let long = "ü".repeat(5_000_000);
        let shown = format!("{}… (10000000 bytes)", "ü".repeat(NAME / 2));
        assert_eq!(Shown::name(&long).as_str(), shown);
        assert_eq!(Shown::header(long.as_bytes()).as_str(), shown);
        assert_eq!(Shown::text(&long).as_str(), format!("{}…", "ü".repeat(TEXT / 2)));
        let escapes = "\u{1b}".repeat(NAME);
        let shown = Shown::name(&escapes);
        assert!(shown.as_str().len() < NAME + 20 && shown.as_str().ends_with("… (256 bytes)"));
        assert_eq!(Shown::name(&"a".repeat(NAME)).as_str(), "a".repeat(NAME));
    }
}
