//! Misuse has to be refused in words that help; see `fail/README.md`.

#[test]
fn misuse_is_explained() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/fail/*/*.rs");
}
