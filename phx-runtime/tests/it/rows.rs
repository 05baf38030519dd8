//! The book's table of what Phoenix's documents of transports ask for is whole, and names tests that exist.

use std::{collections::BTreeSet, fs};

use crate::support::sources::{files_below, is_rust, root};

/// How many rows each document has.
const ROWS: [(&str, usize); 7] =
    [("A", 20), ("B", 34), ("C", 22), ("D", 34), ("XB", 5), ("XC", 1), ("XD", 7)];

/// The names of all functions and of all files with tests, as far as tests go by them.
fn names_of_tests() -> BTreeSet<String> {
    let folders = [
        "phx-runtime/src",
        "phx-runtime/tests",
        "phx-macros/src",
        "examples/src",
        "examples/tests",
        "examples/transports/tests",
    ];
    let mut names = BTreeSet::new();
    for file in folders.into_iter().flat_map(files_below) {
        if is_rust(&file) {
            let source = fs::read_to_string(&file).unwrap();
            let functions = source.split("fn ").skip(1);
            names.extend(functions.filter_map(|rest| Some(rest.split_once('(')?.0.to_owned())));
        } else {
            names.insert(file.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    names
}

/// What is between backticks and is the name of a test, rather than code or a path.
fn named_tests(proof: &str) -> impl Iterator<Item = &str> {
    let quoted = proof.split('`').skip(1).step_by(2);
    quoted.filter(|name| {
        let is_function =
            name.contains('_') && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        is_function || name.ends_with(".test.js")
    })
}

#[test]
fn every_row_names_tests_that_exist_or_says_why_it_has_no_meaning() {
    let chapter = fs::read_to_string(root().join("book/src/row-by-row.md")).unwrap();
    let tests = names_of_tests();
    let mut rows = Vec::new();
    let mut wrong = Vec::new();
    for line in chapter.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = line.split(" | ").collect();
        let (id, proof) = (cells[0].trim_start_matches("| "), cells[cells.len() - 1]);
        let proof = proof.trim_end_matches(" |");
        if id == "row" {
            continue;
        }
        rows.push(id.to_owned());
        let mut named = named_tests(proof).peekable();
        let has_proof =
            named.peek().is_some() || proof.contains("](") || proof.contains("ui-tests/");
        if !has_proof && !proof.starts_with("No meaning: ") {
            wrong.push(format!("{id} has neither a test nor a reason: {proof}"));
        }
        let missing = named.filter(|name| !tests.contains(*name));
        wrong.extend(missing.map(|name| format!("{id} names `{name}`, which is no test")));
    }
    let all = ROWS
        .iter()
        .flat_map(|(document, count)| (1..=*count).map(move |n| format!("{document}{n}")));
    assert_eq!(rows, all.collect::<Vec<_>>());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}
