//! Topic parameters in the notation of other frameworks, which is literal text here.
//!
//! `room:<id>`, `room::id`, `room:$id` and their like would compile, and serve nobody: the argument that
//! was meant to be the parameter would be the payload.

use std::ops::Range;

use crate::{
    diag::Errors,
    model::{Callback, Socket},
    pattern::Pattern,
};

/// Brackets that other frameworks put around a parameter.
const BRACKETS: &[(char, char)] = &[('<', '>'), ('[', ']'), ('(', ')')];

/// What other frameworks write before the braces of a value in a string.
const BEFORE_BRACES: &[char] = &['#', '$', '%', '@'];

/// What other frameworks write before the name of a parameter.
const BEFORE_NAMES: &[char] = &['$', '@', '%', '&', '?', '~', ':'];

/// Segments that mean "anything" to other brokers.
const WILDCARDS: &[&str] = &["#", "+", ">", "?", "%", "%s", "%d", "...", "&"];

/// What stands for sets of characters in regular expressions.
const CLASSES: &[&str] = &["[0-9]", "[a-z]", "[A-Z]", "[a-zA-Z", "[^", "\\d", "\\w", "\\S", "(?"];

/// A parameter that was not written as one: where it stands in the pattern, and its name.
struct Foreign {
    at: Range<usize>,
    name: String,
}

/// Returns whether a parameter was found that is none.
pub(super) fn in_channel<'a>(
    patterns: &[Pattern],
    joins: impl Iterator<Item = &'a Callback>,
    errors: &Errors,
) -> bool {
    let arguments: Vec<_> = joins.flat_map(|join| &join.arguments).collect();
    let arguments: Vec<_> = arguments.iter().map(|argument| argument.local.to_string()).collect();
    patterns.iter().filter(|pattern| judge(pattern, &arguments, errors)).count() > 0
}

pub(super) fn in_routes(socket: &Socket, errors: &Errors) {
    for pattern in socket.routes.iter().filter_map(|route| route.pattern.as_ref()) {
        judge(pattern, &[], errors);
    }
}

/// Returns whether something was reported.
fn judge(pattern: &Pattern, arguments: &[String], errors: &Errors) -> bool {
    let Some(message) = foreign(&pattern.text, arguments) else { return false };
    errors.span(pattern.span(), message);
    true
}

fn foreign(text: &str, arguments: &[String]) -> Option<String> {
    if let Some(segment) = wildcard(text) {
        return Some(format!(
            "`{segment}` is literal text here: write `{{id}}` for one part of the topic, or `*` at the end \
             for all that is left"
        ));
    }
    if let Some(class) = CLASSES.iter().find(|class| text.contains(**class)) {
        return Some(format!(
            "`{class}` is literal text here, and a pattern no regular expression: write `{{id}}`, and what it may be is \
             the type of `id` in `#[join]`"
        ));
    }
    if text.split(':').any(|part| part.trim() != part) {
        let meant: Vec<_> = text.split(':').map(str::trim).collect();
        let meant = meant.join(":");
        return Some(format!("a topic is matched as it is written, spaces and all: \"{meant}\""));
    }
    let found = in_braces(text).or_else(|| in_brackets(text)).or_else(|| prefixed(text, arguments));
    let Foreign { at, name } = found?;
    let (written, mut meant) = (&text[at.clone()], text.to_owned());
    meant.replace_range(at, &format!("{{{name}}}"));
    Some(format!(
        "`{written}` is literal text here; a topic parameter is written `{{{name}}}`: \"{meant}\""
    ))
}

fn wildcard(text: &str) -> Option<&str> {
    text.split([':', '/', '.']).find(|segment| WILDCARDS.contains(segment))
}

/// `#{id}` of Elixir and Ruby, `${id}` of JavaScript and shells.
fn in_braces(text: &str) -> Option<Foreign> {
    let (open, _) = text.match_indices('{').find(|(at, _)| text[..*at].ends_with(BEFORE_BRACES))?;
    let close = open + text[open..].find('}')?;
    Some(Foreign { at: open - 1..close + 1, name: text[open + 1..close].to_owned() })
}

/// `<id>`, `<int:id>`, `[id]`, `(id)`.
fn in_brackets(text: &str) -> Option<Foreign> {
    BRACKETS.iter().find_map(|(open, close)| {
        let start = text.find(*open)?;
        let end = start + text[start..].find(*close)?;
        let name = text[start + 1..end].rsplit(':').next()?;
        is_word(name).then(|| Foreign { at: start..end + 1, name: name.to_owned() })
    })
}

/// `$id`, `::id`, `/:id`, where `#[join]` takes an argument of this name.
fn prefixed(text: &str, arguments: &[String]) -> Option<Foreign> {
    arguments.iter().find_map(|name| {
        let (start, _) = text.match_indices(name.as_str()).find(|(start, _)| {
            let after = &text[start + name.len()..];
            let mut before = text[..*start].chars().rev();
            let mark = before.next();
            // One colon alone separates the parts of every topic.
            let lone_colon = mark == Some(':') && before.next().is_some_and(char::is_alphanumeric);
            mark.is_some_and(|mark| BEFORE_NAMES.contains(&mark))
                && !lone_colon
                && !after.starts_with(is_of_word)
        })?;
        Some(Foreign { at: start - 1..start + name.len(), name: name.clone() })
    })
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(is_of_word)
        && !text.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;
    use syn::LitStr;

    use super::judge;
    use crate::{diag::Errors, pattern::Pattern};

    fn message(text: &str) -> Option<String> {
        let errors = Errors::new();
        let pattern = Pattern::read(LitStr::new(text, Span::call_site()), &errors).unwrap();
        judge(&pattern, &["id".to_owned(), "params".to_owned()], &errors);
        errors.messages().pop()
    }

    #[test]
    fn other_notations_are_told_from_text() {
        for text in [
            "room:<id>",
            "room:<int:id>",
            "room:[id]",
            "room:(id)",
            "room:#{id}",
            "room:${id}",
            "room::id",
            "room:$id",
            "room:@id",
            "room/:id",
            ":id",
            "room:%id",
        ] {
            let message = message(text).unwrap_or_else(|| panic!("{text} is taken for text"));
            assert!(message.contains("written `{id}`"), "{message}");
        }
        for text in ["room:[0-9]+", r"room:\d+"] {
            assert!(message(text).unwrap().contains("regular expression"), "{text}");
        }
        for text in ["room:+", "room/#", "room.>", "room:?"] {
            assert!(message(text).unwrap().contains("write `{id}`"), "{text}");
        }
        for text in [
            "room:{id}",
            "room:id",
            "a::b",
            "price:$usd",
            "room:#rust",
            "(7)",
            "room:idle",
            "a:$ids",
        ] {
            assert_eq!(message(text), None, "{text}");
        }
        assert!(message("a:<id>:b").unwrap().ends_with("\"a:{id}:b\""));
        assert!(message("room::id").unwrap().ends_with("\"room:{id}\""));
    }
}
