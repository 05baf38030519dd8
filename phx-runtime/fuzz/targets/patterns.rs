//! Topic patterns: matching, capturing and covering agree with each other.

#![no_main]

use std::{collections::BTreeSet, sync::Mutex};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use phx_runtime::channel::Pattern;

/// A pattern is made of few kinds of pieces, since the more often they come together in new ways
/// the better; topics may be anything.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Piece {
    A,
    B,
    Colon,
    AColon,
    Umlaut,
    First,
    Second,
}

impl Piece {
    const fn text(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::Colon => ":",
            Self::AColon => "a:",
            Self::Umlaut => "ü",
            Self::First => "{x}",
            Self::Second => "{second}",
        }
    }
}

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    patterns: [(Vec<Piece>, bool); 2],
    topics: Vec<Topic<'a>>,
}

#[derive(Arbitrary, Debug)]
enum Topic<'a> {
    Pieces(Vec<Piece>),
    Text(&'a str),
}

/// Patterns live as long as the program, so each is made once.
static PATTERNS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

fn pattern((pieces, splat): &(Vec<Piece>, bool)) -> Pattern {
    let pieces = &pieces[..pieces.len().min(6)];
    let mut text = String::new();
    for piece in pieces.iter().map(|piece| piece.text()).chain(splat.then_some("*")) {
        // Nothing may follow a parameter but text.
        if text.ends_with('}') && piece.starts_with(['{', '*']) {
            text.push('-');
        }
        text.push_str(piece);
    }
    let mut known = PATTERNS.lock().expect("a finding ends the program");
    if !known.contains(&*text) {
        known.insert(text.clone().leak());
    }
    Pattern::new(known.get(&*text).expect("it is there now"))
}

/// What the topic is if the pattern's pieces stand for what they captured; without the rest that
/// a final `*` stands for.
fn rebuilt(pattern: Pattern, topic: &str) -> String {
    let mut rest = pattern.as_str().trim_end_matches('*');
    let mut rebuilt = String::new();
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').expect("it is closed");
        let captured = pattern.capture(topic, name).expect("what matches is captured");
        assert!(!captured.is_empty());
        rebuilt.extend([before, captured]);
        rest = after;
    }
    rebuilt + rest
}

fuzz_target!(|input: Input<'_>| {
    let [one, other] = &input.patterns.each_ref().map(pattern);
    assert!(one.covers(one), "{one:?}");
    for topic in &input.topics {
        let topic = match topic {
            Topic::Pieces(pieces) => pieces.iter().map(|piece| piece.text()).collect(),
            Topic::Text(text) => (*text).to_owned(),
        };
        for (pattern, later) in [(one, other), (other, one)] {
            if pattern.covers(later) && later.matches(&topic) {
                assert!(pattern.matches(&topic), "{pattern:?} covers {later:?}, not {topic:?}");
            }
            let text = pattern.as_str();
            if !pattern.matches(&topic) {
                assert_eq!(pattern.capture(&topic, "x"), None);
                assert_ne!(topic, text, "a pattern matches its own text");
                continue;
            }
            // The macros refuse a name that comes twice.
            if ["{x}", "{second}"].iter().all(|name| text.matches(name).count() < 2) {
                let rebuilt = rebuilt(*pattern, &topic);
                let same = if text.ends_with('*') {
                    topic.starts_with(&rebuilt)
                } else {
                    topic == rebuilt
                };
                assert!(same, "{pattern:?} took {topic:?} for {rebuilt:?}");
            }
        }
    }
});
