//! The recorded conversations, replayed against the conformance server.
//!
//! `golden/README.md` says what they are. The replayer is a Python program, 3.11 or newer, without
//! anything beside the standard library.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
};

const SERVER: &str = env!("CARGO_BIN_EXE_conformance");

/// Conversations with time limits have the machine to themselves.
static TURN: Mutex<()> = Mutex::new(());

/// A running conformance server, killed when the test is over.
struct Server {
    process: Child,
    base: String,
}

impl Server {
    /// Starts the server on a port that is free, which it tells in its first line.
    fn start() -> Self {
        let mut process = Command::new(SERVER)
            .env("PORT", "0")
            // Half of what is replayed makes handlers panic, and printing where takes its time.
            .env("RUST_BACKTRACE", "0")
            .stdout(Stdio::piped())
            // Handlers that are told to fail panic.
            .stderr(Stdio::null())
            .spawn()
            .expect("the conformance server starts");
        let stdout = process.stdout.take().expect("its output is piped");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
        let base = line.trim().strip_prefix("listening on ").expect("it says where it listens");
        Self { base: base.to_owned(), process }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Replays the conversations in a folder and shows how it went.
fn replay(folder: &str) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let server = Server::start();
    let output = Command::new("python3")
        .env("RUST_BACKTRACE", "0")
        .arg(tests.join("golden/replay.py"))
        .args(["--base", &server.base, "--spawn", SERVER])
        .arg("--folder")
        .arg(tests.join(folder))
        // Builds without optimization on a busy machine are slow, and silence is cheap to check.
        .args(["--scale", "2", "--quiet-ms", "45"])
        .output()
        .expect("python3 is installed");
    let told = String::from_utf8_lossy(&output.stdout);
    println!("{told}{}", String::from_utf8_lossy(&output.stderr));
    let verdict = told.lines().last().unwrap_or_default();
    assert!(output.status.success(), "{verdict}");
    assert!(verdict.ends_with(" passed, 0 failed"), "{verdict}");
    assert!(!verdict.starts_with("0 passed"), "no conversation was replayed");
}

#[test]
fn what_phoenix_was_recorded_to_do_is_done() {
    replay("golden");
}

#[test]
fn what_no_recording_shows_is_done_too() {
    replay("golden/more");
}
