//! What real nodes of Phoenix made and sent, as `interop/README.md` tells it.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::{path::Path, process::Command};

/// Checks a file of samples.
fn check(kind: &str, passed: usize) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop");
    let file = file.join(format!("{kind}.json"));
    let output = Command::new(env!("CARGO_BIN_EXE_interop")).arg(kind).arg(file).output();
    let output = output.expect("the program runs");
    let told = String::from_utf8_lossy(&output.stdout);
    let last = told.lines().last().unwrap_or_default();
    assert_eq!(last, format!("{passed} passed, 0 failed"), "{told}");
    assert!(output.status.success());
}

#[test]
fn tokens_and_cookies() {
    check("tokens", 28);
}

#[test]
fn pubsub() {
    check("pubsub", 16);
}

#[test]
fn presence() {
    check("presence", 4);
}

#[test]
fn a_sample_that_fails_is_told_and_fails_the_program() {
    let file = std::env::temp_dir().join(format!("phx-interop-{}.json", std::process::id()));
    let sample = r#"{"nodes": {}, "samples": [{"id": "cut short", "payload_base64": "g2gG"}]}"#;
    std::fs::write(&file, sample).expect("the file is written");
    let output = Command::new(env!("CARGO_BIN_EXE_interop")).arg("pubsub").arg(&file).output();
    std::fs::remove_file(&file).expect("the file is removed");
    let output = output.expect("the program runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(told, "cut short: the term is cut short\n0 passed, 1 failed\n");
    assert!(!output.status.success());
}
