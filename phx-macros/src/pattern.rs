//! Topic patterns: `room:lobby`, `room:*`, `room:{room_id}`.
//!
//! What is accepted here is what `phx_runtime::channel::Pattern::new` accepts; here it is explained.

use proc_macro2::{Ident, Span};
use syn::{LitStr, ext::IdentExt, parse::Parser};

use crate::diag::Errors;

/// A pattern that was found to be right.
pub(crate) struct Pattern {
    pub(crate) literal: LitStr,
    pub(crate) text: String,
    /// The names of the placeholders, in order.
    pub(crate) names: Vec<String>,
}

impl Pattern {
    /// Reads a pattern and reports what is wrong with it. A part of it cannot be underlined alone,
    /// so the messages quote it.
    pub(crate) fn read(literal: LitStr, errors: &Errors) -> Option<Self> {
        let text = literal.value();
        match names(&text) {
            Ok(names) => Some(Self { literal, text, names }),
            Err(message) => {
                errors.at(&literal, message);
                None
            }
        }
    }

    pub(crate) fn span(&self) -> Span {
        self.literal.span()
    }

    /// Whether the pattern ends in `*`.
    pub(crate) fn is_open(&self) -> bool {
        self.text.ends_with('*')
    }

    /// Whether `later` can certainly never be reached behind this pattern.
    pub(crate) fn hides(&self, later: &Self) -> bool {
        self.text == later.text
            || (self.names.is_empty()
                && self.text.strip_suffix('*').is_some_and(|start| later.text.starts_with(start)))
    }

    /// The pattern as a format string with a positional argument for each placeholder.
    pub(crate) fn format_string(&self) -> String {
        self.names
            .iter()
            .fold(self.text.clone(), |text, name| text.replacen(&format!("{{{name}}}"), "{}", 1))
    }
}

fn names(text: &str) -> Result<Vec<String>, String> {
    if text.is_empty() {
        return Err("a topic pattern cannot be empty; `*` serves every topic".to_owned());
    }
    if text == "phoenix" {
        return Err("the topic \"phoenix\" is the connection's own, for heartbeats".to_owned());
    }
    if let Some(rest) = rest_parameter(text) {
        return Err(rest);
    }
    if let Some((before, after)) = text.split_once('*')
        && !after.is_empty()
    {
        return Err(format!("`*` must end a topic pattern: try \"{before}*\""));
    }
    let mut names: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, brace) = rest.split_at(at);
        let Some(after) = brace.strip_prefix('{') else {
            return Err("unmatched `}` in a topic pattern".to_owned());
        };
        if before.is_empty() && !names.is_empty() {
            return Err("two topic parameters need text between them".to_owned());
        }
        let Some((name, tail)) = after.split_once('}') else {
            return Err(format!("`{{{after}` is never closed"));
        };
        if !is_name(name) {
            return Err(no_name(name));
        }
        if names.iter().any(|known| known == name) {
            return Err(format!("topic parameter `{name}` appears twice"));
        }
        if tail == "*" {
            return Err(format!("`{{{name}}}` takes all that is left, so nothing is left for `*`"));
        }
        names.push(name.to_owned());
        rest = tail;
    }
    Ok(names)
}

/// `{*rest}`, `{..rest}`, `{rest...}`: what other routers write for all that is left.
fn rest_parameter(text: &str) -> Option<String> {
    let (before, after) = text.split_once('{')?;
    let (name, _) = after.split_once('}')?;
    let bare = name.trim_matches(['*', '.']);
    (bare != name && is_name(bare)).then(|| {
        format!(
            "`{{{name}}}` is written `*`, at the end: \"{before}*\"; what it stands for is \
             `topic.rest()`, of an argument `topic: &Topic`"
        )
    })
}

/// What to write instead of a placeholder that names nothing.
fn no_name(name: &str) -> String {
    if let Some((bare, ty)) = name.split_once(':')
        && is_name(bare.trim())
        && !ty.contains('{')
    {
        let (bare, ty) = (bare.trim(), ty.trim());
        let ty = if ty == "int" { "u64" } else { ty };
        if !ty.starts_with(|c: char| c.is_alphabetic() || c == ':') {
            return format!("a topic parameter has no format: `{{{bare}}}`");
        }
        return format!(
            "the argument has the type, not the pattern: `{{{bare}}}`, and `{bare}: {ty}` in `#[join]`"
        );
    }
    if let Some(bare) = name.strip_suffix('?').filter(|bare| is_name(bare)) {
        return format!(
            "a topic parameter is always there: write `{{{bare}}}`, and another pattern for topics without it"
        );
    }
    if let Some(bare) = name.strip_prefix('{').filter(|bare| is_name(bare)) {
        return format!("a topic parameter has one pair of braces: `{{{bare}}}`");
    }
    let meant = name.trim().replace(['-', ' ', '.'], "_");
    let meant = if is_name(&meant) { meant } else { "room_id".to_owned() };
    format!("`{{{name}}}` does not name a topic parameter: use an identifier such as `{{{meant}}}`")
}

/// Whether an argument can have this name, if need be as `r#name`.
fn is_name(name: &str) -> bool {
    let ident = Ident::parse_any.parse_str(name);
    let clean = !name.contains(char::is_whitespace);
    clean && ident.is_ok() && !["self", "Self", "super", "crate", "_"].contains(&name)
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;
    use syn::LitStr;

    use super::{Pattern, names};
    use crate::diag::Errors;

    #[test]
    fn placeholders_are_found_in_order() {
        assert_eq!(names("org:{org}:room:{room}:*").unwrap(), ["org", "room"]);
        assert_eq!(names("type:{type}").unwrap(), ["type"]);
        assert!(names("room:*").unwrap().is_empty());
    }

    #[test]
    fn every_mistake_has_its_sentence() {
        for (pattern, part) in [
            ("", "empty"),
            ("phoenix", "heartbeats"),
            ("ro*om", "try \"ro*\""),
            ("a{b", "never closed"),
            ("a}b", "unmatched `}`"),
            ("{}", "identifier"),
            ("{1a}", "identifier"),
            ("{self}", "identifier"),
            ("{ a }", "identifier"),
            ("{a:{b}}", "identifier"),
            ("{a}{b}", "between"),
            ("{a}:{a}", "twice"),
            ("{a}*", "left for `*`"),
            ("a:{*b}", "\"a:*\""),
            ("a:{..b}", "topic.rest()"),
            ("a:{b: u64}", "`b: u64`"),
            ("a:{b:03}", "no format: `{b}`"),
            ("a:{b?}", "`{b}`"),
            ("a:{{b}}", "one pair of braces: `{b}`"),
            ("a:{b-c}", "`{b_c}`"),
        ] {
            let message = names(pattern).unwrap_err();
            assert!(message.contains(part), "{pattern}: {message}");
        }
    }

    #[test]
    fn a_pattern_hides_what_it_matches_whole() {
        let errors = Errors::new();
        let read = |text| Pattern::read(LitStr::new(text, Span::call_site()), &errors).unwrap();
        assert!(read("room:*").hides(&read("room:{id}")));
        assert!(read("room:{id}").hides(&read("room:{id}")));
        assert!(!read("room:lobby").hides(&read("room:*")));
        assert_eq!(read("a:{b}:{type}").format_string(), "a:{}:{}");
        assert!(errors.messages().is_empty());
    }
}
