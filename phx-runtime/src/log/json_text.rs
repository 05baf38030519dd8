//! Texts in JSON, compared as what they stand for.

use std::str::Chars;

/// A string as JSON spells it, with its quotes.
#[derive(Clone, Copy)]
pub(super) struct JsonText<'a>(pub(super) &'a str);

impl<'a> JsonText<'a> {
    fn chars(self) -> Unescaped<'a> {
        Unescaped(self.0.get(1..).unwrap_or_default().chars())
    }

    pub(super) fn is(self, text: &str) -> bool {
        self.chars().eq(text.chars())
    }

    pub(super) fn contains(self, text: &str, followed_by: Option<char>) -> bool {
        let mut rest = self.chars();
        loop {
            let mut here = rest.clone();
            if text.chars().chain(followed_by).all(|c| here.next() == Some(c)) {
                return true;
            }
            if rest.next().is_none() {
                return false;
            }
        }
    }
}

/// The characters that a JSON string stands for, up to its closing quote. A surrogate without its
/// other half stands for U+FFFD.
#[derive(Clone)]
struct Unescaped<'a>(Chars<'a>);

impl Unescaped<'_> {
    fn unit(digits: &mut Chars<'_>) -> Option<u32> {
        (0..4).try_fold(0, |unit, _| Some(unit * 16 + digits.next()?.to_digit(16)?))
    }
}

impl Iterator for Unescaped<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self.0.next()? {
            '"' => None,
            '\\' => match self.0.next()? {
                'n' => Some('\n'),
                'r' => Some('\r'),
                't' => Some('\t'),
                'b' => Some('\u{8}'),
                'f' => Some('\u{c}'),
                'u' => {
                    let high = Self::unit(&mut self.0)?;
                    let mut ahead = self.0.clone();
                    if (0xd800..0xdc00).contains(&high)
                        && (ahead.next(), ahead.next()) == (Some('\\'), Some('u'))
                        && let Some(low @ 0xdc00..0xe000) = Self::unit(&mut ahead)
                    {
                        self.0 = ahead;
                        return char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + low - 0xdc00);
                    }
                    Some(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER))
                }
                other => Some(other),
            },
            other => Some(other),
        }
    }
}
