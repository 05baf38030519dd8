//! The table of the book is that of the tests, and its numbers are those of the code.

use std::{collections::BTreeSet, fs, path::Path};

use super::table::{LIMITS, Limit};
use crate::support::sources::{files_below, is_rust};

fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The lines of the first table below a heading.
fn table_below<'a>(chapter: &'a str, heading: &str) -> Vec<&'a str> {
    let lines = chapter.lines().skip_while(|line| *line != heading);
    let table = lines.skip_while(|line| !line.starts_with('|'));
    // Behind the names of the columns and the line below them.
    table.take_while(|line| line.starts_with('|')).skip(2).collect()
}

#[test]
fn the_limits_of_the_book_are_those_that_are_proven() {
    let chapter = read("../book/src/production.md");
    let in_book = table_below(&chapter, "## Limits");
    let proven: Vec<_> = LIMITS
        .iter()
        .map(|Limit { what, default, option, beyond, .. }| {
            format!("| {what} | {default} | {option} | {beyond} |")
        })
        .collect();
    for (row, proven) in in_book.iter().zip(&proven) {
        assert_eq!(row, proven);
    }
    assert_eq!(in_book.len(), proven.len());
}

#[test]
fn every_limit_is_proven_by_tests_that_exist() {
    let sources = ["phx-runtime/src", "phx-runtime/tests"].into_iter().flat_map(files_below);
    let sources: Vec<_> = sources.filter(|file| is_rust(file)).map(read).collect();
    let tests: BTreeSet<_> = sources.iter().flat_map(|source| tests_of(source)).collect();
    for Limit { what, proofs, .. } in LIMITS {
        assert!(!proofs.is_empty(), "{what}");
        for name in *proofs {
            assert!(tests.contains(name), "{what}: no test {name}");
        }
    }
    // And none that is made for the table is forgotten in it.
    let named: Vec<_> = LIMITS.iter().flat_map(|limit| limit.proofs).collect();
    for file in ["tests/it/limits/messages.rs", "tests/it/limits/waiting.rs"] {
        for name in tests_of(&read(file)) {
            assert!(named.contains(&&name), "{name} proves no limit");
        }
    }
}

/// The names of the tests in a file.
fn tests_of(source: &str) -> Vec<&str> {
    let mut is_test = false;
    let mut names = Vec::new();
    for line in source.lines().map(str::trim) {
        if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test) {
            names.extend(rest.split('(').next());
            is_test = false;
        }
        is_test |= line.starts_with("#[test") || line.starts_with("#[tokio::test");
    }
    names
}

#[test]
fn the_numbers_of_the_book_are_those_of_the_code() {
    for Limit { what, default, code, .. } in LIMITS {
        let in_book = quantities(default);
        assert!(in_book.len() >= code.len(), "{what}");
        for (quantity, places) in in_book.iter().zip(*code) {
            let in_code: u64 = places.iter().map(|(file, before)| value(file, before)).product();
            assert_eq!(*quantity, in_code, "{what}: {default}");
        }
    }
}

#[test]
fn the_options_of_the_book_have_the_same_defaults() {
    let options = read("../book/src/options.md");
    for Limit { default, option, .. } in LIMITS {
        let name = option.trim_matches('`');
        let is_own = |cell: &str| {
            ["`", "`ServerOptions::"].iter().any(|before| {
                let rest = cell.trim().strip_prefix(before).and_then(|it| it.strip_prefix(name));
                rest.is_some_and(|rest| rest.starts_with([' ', '`']))
            })
        };
        for row in options.lines().filter(|line| line.split('|').any(is_own)) {
            let in_options = row.trim_end_matches(['|', ' ']).rsplit('|').next().unwrap();
            assert_eq!(quantities(in_options), quantities(default), "{row}");
        }
        let rows = options.lines().filter(|line| line.split('|').any(is_own)).count();
        let is_of_a_mount = name != "–" && !name.starts_with("Presence");
        assert_eq!(rows > 0, is_of_a_mount, "{name}");
    }
}

/// The numbers of a text, in bytes and seconds where it says so.
fn quantities(text: &str) -> Vec<u64> {
    let words: Vec<_> = text.split_whitespace().collect();
    let numbers = words.iter().enumerate().filter_map(|(at, word)| {
        let number: u64 = word.trim_end_matches(',').replace(',', "").parse().ok()?;
        let unit = words.get(at + 1).map_or("", |unit| unit.trim_end_matches(','));
        Some(number << if unit == "MiB" { 20 } else { 10 * u32::from(unit == "KiB") })
    });
    numbers.collect()
}

/// The value in a file of the code behind a text; it may be a time, or the product of numbers.
fn value(file: &str, before: &str) -> u64 {
    let source = read(Path::new("src").join(file));
    let mut values = source.split(before).skip(1).filter_map(|rest| {
        let text = rest.split([';', ',', '}', '\n']).next()?;
        let (factor, text) = match text.split_once('(') {
            Some(("Duration::from_secs", seconds)) => (1, seconds),
            Some(("Duration::from_mins", minutes)) => (60, minutes),
            _ => (1, text),
        };
        let text = text.split(')').next()?.replace(['_', ' '], "");
        let number = match text.split_once("<<") {
            Some((number, bits)) => number.parse::<u64>().ok()? << bits.parse::<u32>().ok()?,
            None => {
                text.split('*').map(|factor| factor.parse::<u64>().ok()).product::<Option<_>>()?
            }
        };
        Some(factor * number)
    });
    values.next().unwrap_or_else(|| panic!("{file} has no value behind {before:?}"))
}
