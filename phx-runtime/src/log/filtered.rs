//! Parameters as lines show them: filtered while their JSON text is read.
//!
//! No tree is built and nothing recurs, so that neither the size nor the depth of what a client
//! sends matters. Reading ends where the line is full.

use std::fmt::{self, Write};

use super::{filter::FilterParameters, json_text::JsonText, line::Parameters, shown::Cut};

/// How many bytes of a text are read at most, hidden ones included.
const READ: usize = 64 * 1024;

const FILTERED: &str = "\"[FILTERED]\"";

/// The JSON text as a line shows it. Whatever is not JSON is shown likewise, as far as it has tokens.
pub(super) fn filtered(json: &str, filter: &FilterParameters) -> String {
    let read = &json[..json.floor_char_boundary(READ)];
    let mut filtering = Filtering { tokens: Tokens(read), filter, out: Cut::text() };
    let is_whole = filtering.all().is_ok() && read.len() == json.len();
    filtering.out.finish(is_whole, json.len())
}

/// A payload as the log shows it: JSON, or the size of a binary one.
pub(super) fn parameters(
    json: Option<&str>,
    bytes: usize,
    filter: &FilterParameters,
) -> Parameters {
    Parameters(json.map_or_else(|| format!("<{bytes} bytes>"), |json| filtered(json, filter)))
}

impl FilterParameters {
    /// JSON text as the log shows it: filtered, without spaces, and cut after 1 KiB, with a `…` and
    /// the size of the whole. Text that is not JSON is no error; as much of it is shown as has the
    /// form of JSON.
    pub fn apply(&self, json: &str) -> String {
        filtered(json, self)
    }
}

struct Filtering<'a> {
    tokens: Tokens<'a>,
    filter: &'a FilterParameters,
    out: Cut,
}

impl Filtering<'_> {
    /// An error once no more is to be shown.
    fn all(&mut self) -> fmt::Result {
        while let Some(token) = self.tokens.next() {
            match token {
                Token::Text(text) if self.tokens.are_at_colon() => self.field(text)?,
                Token::Text(text) if self.filter.hides_text(text) => {
                    self.out.write_str(FILTERED)?;
                }
                Token::Scalar(_) if self.filter.hides_scalars() => self.out.write_str(FILTERED)?,
                other => self.out.write_str(other.as_str())?,
            }
        }
        Ok(())
    }

    /// A key, and its value where the key decides on all of it.
    fn field(&mut self, key: JsonText<'_>) -> fmt::Result {
        self.out.write_str(key.0)?;
        let Some(shown) = self.filter.whole_value(key) else { return Ok(()) };
        self.tokens.next();
        self.out.write_str(":")?;
        if !shown {
            self.out.write_str(FILTERED)?;
        }
        let mut depth = 0_usize;
        for token in &mut self.tokens {
            if shown {
                self.out.write_str(token.as_str())?;
            }
            match token {
                Token::Open(_) => depth += 1,
                Token::Close(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        Ok(())
    }
}

enum Token<'a> {
    Open(&'a str),
    Close(&'a str),
    /// A comma or a colon.
    Mark(&'a str),
    Text(JsonText<'a>),
    /// A number, `true`, `false` or `null`.
    Scalar(&'a str),
}

impl<'a> Token<'a> {
    fn as_str(&self) -> &'a str {
        match self {
            Self::Open(it) | Self::Close(it) | Self::Mark(it) | Self::Scalar(it) => it,
            Self::Text(text) => text.0,
        }
    }
}

/// What is left of a text, token by token.
struct Tokens<'a>(&'a str);

impl Tokens<'_> {
    fn skip_space(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn are_at_colon(&mut self) -> bool {
        self.skip_space();
        self.0.starts_with(':')
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_space();
        let (token, length): (fn(&'a str) -> Token<'a>, _) = match self.0.bytes().next()? {
            b'{' | b'[' => (Token::Open, 1),
            b'}' | b']' => (Token::Close, 1),
            b',' | b':' => (Token::Mark, 1),
            b'"' => (|text| Token::Text(JsonText(text)), length_of_text(self.0)),
            _ => {
                let is_other = |c: char| "{}[],:\" \t\n\r".contains(c);
                (Token::Scalar, self.0.find(is_other).unwrap_or(self.0.len()))
            }
        };
        let (this, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(token(this))
    }
}

/// Up to the closing quote, or all there is.
fn length_of_text(rest: &str) -> usize {
    let mut is_escaped = false;
    let end = rest.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(rest.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn discard(json: &str) -> String {
        filtered(json, &FilterParameters::discard(["password", "token"]))
    }

    fn keep(json: &str) -> String {
        filtered(json, &FilterParameters::keep(["id"]))
    }

    #[test]
    fn keys_are_compared_as_what_they_stand_for() {
        for key in [r"pass\u0077ord", r"\u0070assword", r"pass\u0057ord_password", r"my_\u0074oken"]
        {
            let shown = format!(r#"{{"{key}":"[FILTERED]","a":1}}"#);
            assert_eq!(discard(&format!(r#"{{ "{key}" : [{{"x":"y"}}, 2] , "a": 1 }}"#)), shown);
        }
        assert_eq!(discard(r#"{"form":"a=b&pass\u0077ord=c"}"#), r#"{"form":"[FILTERED]"}"#);
        assert_eq!(
            keep(r#"{"\u0069d":[1,{"a":2}],"a":3}"#),
            r#"{"\u0069d":[1,{"a":2}],"a":"[FILTERED]"}"#
        );
        let crown = FilterParameters::discard(["👑"]);
        assert_eq!(
            filtered(r#"{"\ud83d\udc51":1,"\ud83d":2}"#, &crown),
            r#"{"\ud83d\udc51":"[FILTERED]","\ud83d":2}"#
        );
        assert_eq!(discard(r#"{"\ud800password":1}"#), r#"{"\ud800password":"[FILTERED]"}"#);
    }

    #[test]
    fn quotes_and_braces_within_texts_are_text() {
        let json = r#"{"password":"}\"","a":"{\\","token":"\\","b":["\"","]"]}"#;
        let shown = r#"{"password":"[FILTERED]","a":"{\\","token":"[FILTERED]","b":["\"","]"]}"#;
        assert_eq!(discard(json), shown);
    }

    #[test]
    fn what_is_shown_is_short_and_says_how_long_the_whole_is() {
        for (json, begin) in [
            (format!("\"{}\"", "a".repeat(1_000_000)), "\"aaa"),
            (format!("{{\"{}\":1}}", "a".repeat(1_000_000)), "{\"aaa"),
            ("[".repeat(1_000_000), "[[["),
            (format!("[{}1]", "1,".repeat(1_000_000)), "[1,1,"),
            (
                format!("{{\"password\":\"{}\"}}", "a".repeat(1_000_000)),
                "{\"password\":\"[FILTERED]\"…",
            ),
            (format!("{{\"password\":{}", "[".repeat(1_000_000)), "{\"password\":\"[FILTERED]\"…"),
            (format!("\"{}\"", "\u{202e}".repeat(300_000)), "\"\\u202e\\u202e"),
            (" ".repeat(1_000_000), "…"),
        ] {
            let shown = discard(&json);
            assert!(shown.starts_with(begin), "{shown}");
            assert!(shown.len() < 1100, "{} bytes", shown.len());
            assert!(shown.ends_with(&format!("… ({} bytes)", json.len())), "{shown}");
        }
        // A secret that begins where the line ends is not begun.
        let padding = "a".repeat(1000);
        let shown = discard(&format!(r#"{{"a":"{padding}","password":"hunter2"}}"#));
        assert!(!shown.contains("hunter"), "{shown}");
        assert!(!keep(&format!("\"{}\"", "secret".repeat(100_000))).contains("secret"));
    }

    #[test]
    fn what_is_no_json_is_shown_as_far_as_it_goes() {
        for text in ["", "}", "]]", "\"", "\"\\", "{\"a", "{\"a\":", "nope", "\"\\u12\"", "::,,"] {
            assert_eq!(discard(text), text);
            keep(text);
        }
        assert_eq!(discard("{\"password\":"), "{\"password\":\"[FILTERED]\"");
    }
}
