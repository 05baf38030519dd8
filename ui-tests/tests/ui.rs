//! Misuse has to be refused in words that help; see `fail/README.md`.

#![allow(clippy::unwrap_used, reason = "what helpers of a test cannot do fails the test")]

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

#[test]
fn misuse_is_explained() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/fail/*/*.rs");

    let families = families();
    let programs: usize = families.iter().map(|family| files(family, "rs").len()).sum();
    // Not by `print!`, which is kept from who runs a test that passes.
    let count =
        format!("{programs} programs that must not compile, in {} families", families.len());
    writeln!(io::stderr(), "\n{count}").unwrap();
}

#[test]
fn every_explanation_has_its_program() {
    for family in families() {
        let orphans = files(&family, "stderr");
        let orphan = orphans.iter().find(|text| !text.with_extension("rs").exists());
        assert_eq!(orphan, None);
    }
}

fn families() -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fail")).unwrap();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
}

fn files(family: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(family).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
}
