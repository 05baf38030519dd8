//! Topic patterns: `lobby`, `room:*`, `room:{room_id}`.

/// Which topics a channel serves.
///
/// A pattern is literal text with `{name}` placeholders and, at its end only, an optional `*`.
/// A placeholder stands for at least one character, up to the literal text that follows it;
/// `*` stands for any rest, the empty one included. Matching is case-sensitive.
///
/// ```
/// use phx_runtime::channel::Pattern;
///
/// let pattern = Pattern::new("room:{room_id}:*");
/// assert!(pattern.matches("room:7:chat"));
/// assert_eq!(pattern.capture("room:7:chat", "room_id"), Some("7"));
/// assert!(!pattern.matches("room::chat"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: &'static str,
    /// How many bytes come before the first placeholder or `*`.
    literal: usize,
}

/// One step of a pattern, borrowed from its text.
enum Piece {
    Literal(&'static str),
    Parameter(&'static str),
    Splat,
}

impl Pattern {
    /// A pattern from its text.
    ///
    /// # Panics
    ///
    /// Panics, while compiling where it is used in a constant, if `*` stands anywhere but at the
    /// end, a brace is not closed, a placeholder has no name, or no text comes between a
    /// placeholder and what follows it. The macros have checked this before.
    pub const fn new(text: &'static str) -> Self {
        let bytes = text.as_bytes();
        let mut open = false;
        let mut i = 0;
        while i < bytes.len() {
            match bytes[i] {
                b'*' => {
                    assert!(i + 1 == bytes.len(), "`*` must end a topic pattern");
                    assert!(i == 0 || bytes[i - 1] != b'}', "a parameter leaves nothing for `*`");
                }
                b'{' => {
                    assert!(!open, "a topic parameter cannot contain `{{`");
                    let apart = i == 0 || bytes[i - 1] != b'}';
                    assert!(apart, "two topic parameters need text between them");
                    open = true;
                }
                b'}' => {
                    assert!(open, "unmatched `}}` in a topic pattern");
                    assert!(bytes[i - 1] != b'{', "a topic parameter needs a name");
                    open = false;
                }
                _ => {}
            }
            i += 1;
        }
        assert!(!open, "a topic parameter is never closed");
        let mut literal = 0;
        while literal < bytes.len() && !matches!(bytes[literal], b'*' | b'{') {
            literal += 1;
        }
        Self { text, literal }
    }

    /// The text that the pattern was made from.
    pub const fn as_str(&self) -> &'static str {
        self.text
    }

    /// Whether `topic` belongs to this pattern.
    pub fn matches(&self, topic: &str) -> bool {
        self.walk(topic, |_, _| ())
    }

    /// The part of `topic` that the placeholder called `name` stands for.
    pub fn capture<'t>(&self, topic: &'t str, name: &str) -> Option<&'t str> {
        let mut found = None;
        let matched = self.walk(topic, |parameter, text| {
            if parameter == name {
                found = Some(text);
            }
        });
        if matched { found } else { None }
    }

    fn pieces(self) -> impl Iterator<Item = Piece> {
        let mut rest = self.text;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            if let Some((name, after)) = rest.strip_prefix('{').and_then(|r| r.split_once('}')) {
                rest = after;
                return Some(Piece::Parameter(name));
            }
            if rest == "*" {
                rest = "";
                return Some(Piece::Splat);
            }
            let end = rest.find(['{', '*']).unwrap_or(rest.len());
            let (literal, after) = rest.split_at(end);
            rest = after;
            Some(Piece::Literal(literal))
        })
    }

    /// Matches without backtracking: a parameter ends where the literal after it first occurs,
    /// or, if that literal ends the pattern, where it last could.
    fn walk<'t>(self, topic: &'t str, mut bind: impl FnMut(&'static str, &'t str)) -> bool {
        let mut rest = topic;
        let mut pieces = self.pieces().peekable();
        while let Some(piece) = pieces.next() {
            match piece {
                Piece::Splat => return true,
                Piece::Literal(text) => match rest.strip_prefix(text) {
                    Some(after) => rest = after,
                    None => return false,
                },
                Piece::Parameter(name) => {
                    let literal = match pieces.peek() {
                        Some(Piece::Literal(text)) => Some(*text),
                        _ => None,
                    };
                    let end = match literal {
                        None => Some(rest.len()),
                        Some(text) => {
                            pieces.next();
                            if pieces.peek().is_none() {
                                rest.strip_suffix(text).map(str::len)
                            } else {
                                first_after_one_char(rest, text)
                            }
                        }
                    };
                    let Some(end) = end.filter(|end| *end > 0) else { return false };
                    bind(name, &rest[..end]);
                    rest = &rest[end + literal.map_or(0, str::len)..];
                }
            }
        }
        rest.is_empty()
    }

    /// Whether every topic that `later` matches is matched by `self` too.
    ///
    /// Used while compiling to refuse routes that can never be reached, so it only says `true`
    /// where that is certain: a literal or empty rest under `*`, equal text, and a final
    /// placeholder over literal text.
    pub const fn covers(&self, later: &Self) -> bool {
        let (mine, other) = (self.text.as_bytes(), later.text.as_bytes());
        if self.literal > later.literal {
            return false;
        }
        // From its end, where the patterns of a table differ soonest: each is compared with all before it.
        let mut at = self.literal;
        while at > 0 {
            at -= 1;
            if mine[at] != other[at] {
                return false;
            }
        }
        let mut at = self.literal;
        let mut there = self.literal;
        loop {
            if at < mine.len() && mine[at] == b'*' {
                return true;
            }
            if at == mine.len() || there == other.len() {
                return at == mine.len() && there == other.len();
            }
            match (mine[at], other[there]) {
                (b'{', b'{') => {
                    at = after_brace(mine, at);
                    there = after_brace(other, there);
                }
                (b'{', next) => {
                    // Over a literal: certain only where the placeholder takes all that is left.
                    // A trailing `*` may stand for nothing, which no placeholder takes.
                    return after_brace(mine, at) == mine.len() && next != b'*';
                }
                (one, next) if one == next => {
                    at += 1;
                    there += 1;
                }
                _ => return false,
            }
        }
    }
}

const fn after_brace(text: &[u8], mut at: usize) -> usize {
    while text[at] != b'}' {
        at += 1;
    }
    at + 1
}

/// The first occurrence of `literal` that leaves at least one character before it.
fn first_after_one_char(text: &str, literal: &str) -> Option<usize> {
    let first = text.chars().next()?.len_utf8();
    text[first..].find(literal).map(|at| at + first)
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    fn matches(pattern: &'static str, topic: &str) -> bool {
        Pattern::new(pattern).matches(topic)
    }

    #[test]
    fn literal_text_matches_only_itself() {
        assert!(matches("exact", "exact"));
        assert!(!matches("exact", "exactly"));
        assert!(!matches("exact", "Exact"));
        assert!(!matches("exact", ""));
    }

    #[test]
    fn a_star_matches_any_rest() {
        for topic in ["echo:", "echo:a:b", "echo:a*", "echo:ünï", "echo:a b\n"] {
            assert!(matches("echo:*", topic), "{topic:?}");
        }
        assert!(!matches("echo:*", " echo:a"));
        assert!(!matches("echo:*", "echo"));
        assert!(matches("*", ""));
    }

    #[test]
    fn parameters_capture_up_to_the_text_that_follows() {
        let pattern = Pattern::new("org:{org}:room:{room}");
        assert_eq!(pattern.capture("org:a:b:room:7:8", "org"), Some("a:b"));
        assert_eq!(pattern.capture("org:a:b:room:7:8", "room"), Some("7:8"));
        assert_eq!(pattern.capture("org::room:7", "org"), None);
        let pattern = Pattern::new("doc:{id}:edit");
        assert_eq!(pattern.capture("doc:a:edit:edit", "id"), Some("a:edit"));
        assert_eq!(pattern.capture("doc:ü:edit", "id"), Some("ü"));
        assert_eq!(pattern.capture("doc::edit", "id"), None);
    }

    #[test]
    fn a_pattern_that_nothing_could_match_is_refused() {
        for wrong in ["a*b", "**", "{a", "a}", "{a{b}}", "{a}{b}", "{a}*", "a:{}", "{}"] {
            let made = std::panic::catch_unwind(|| Pattern::new(wrong));
            assert!(made.is_err(), "{wrong:?} was taken");
        }
    }

    #[test]
    fn whatever_is_covered_is_matched() {
        // All patterns of up to four of these pieces, and all topics of up to five letters.
        const PIECES: [&str; 6] = ["a", "b", ":", "{x}", "{y}", "*"];
        let mut patterns = vec![String::new()];
        let mut topics = patterns.clone();
        for _ in 0..4 {
            let longer = |text: &String| PIECES.map(|piece| format!("{text}{piece}"));
            patterns.extend(patterns.clone().iter().flat_map(longer));
        }
        for _ in 0..5 {
            let longer = |text: &String| ["a", "b", ":"].map(|letter| format!("{text}{letter}"));
            topics.extend(topics.clone().iter().flat_map(longer));
        }
        for list in [&mut patterns, &mut topics] {
            list.sort();
            list.dedup();
        }
        patterns.retain(|text| {
            let star_ends = text.find('*').is_none_or(|at| at + 1 == text.len());
            star_ends && !text.contains("}{") && !text.ends_with("}*")
        });
        let patterns: Vec<_> = patterns.into_iter().map(|text| Pattern::new(text.leak())).collect();
        let matched: Vec<Vec<_>> = patterns
            .iter()
            .map(|pattern| topics.iter().filter(|topic| pattern.matches(topic)).collect())
            .collect();
        for pattern in &patterns {
            for (later, topics) in patterns.iter().zip(&matched) {
                if pattern.covers(later) {
                    let missed = topics.iter().find(|topic| !pattern.matches(topic));
                    assert_eq!(missed, None, "{pattern:?} covers {later:?}");
                }
            }
        }
    }

    #[test]
    fn coverage_is_claimed_only_where_it_is_certain() {
        fn covers(a: &'static str, b: &'static str) -> bool {
            Pattern::new(a).covers(&Pattern::new(b))
        }
        assert!(covers("room:*", "room:lobby"));
        assert!(covers("room:*", "room:{id}"));
        assert!(covers("room:{id}", "room:lobby"));
        assert!(covers("room:{id}", "room:{other}"));
        assert!(covers("*", "room:*"));
        assert!(!covers("room:lobby", "room:*"));
        assert!(!covers("room:{id}", "room:*"));
        assert!(!covers("room:{id}", "room:"));
        assert!(!covers("room:{id}:x", "room:lobby:x"));
        assert!(!covers("food*", "foo*"));
    }
}
