//! The recorded conversations, replayed against the conformance server: as it is, over TLS, and
//! through proxies with the configurations that the book shows.
//!
//! `golden/README.md` says what they are. The replayer is a Python program, 3.11 or newer, without
//! anything beside the standard library.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
};

const SERVER: &str = env!("CARGO_BIN_EXE_conformance");

/// Conversations with time limits have the machine to themselves.
static TURN: Mutex<()> = Mutex::new(());

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// A process that says in its first line where it listens, killed when the test is over.
struct Listening {
    process: Child,
    line: String,
}

impl Listening {
    fn start(command: &mut Command) -> Self {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program is installed");
        let stdout = process.stdout.take().expect("its output is piped");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
        Self { process, line: line.trim().to_owned() }
    }

    /// Starts the conformance server on a port that is free.
    fn server(environment: &[(&str, &Path)]) -> (Self, String) {
        let mut command = Command::new(SERVER);
        command.env("PORT", "0").envs(environment.iter().copied());
        // Half of what is replayed makes handlers panic, and printing where takes its time.
        let server = Self::start(command.env("RUST_BACKTRACE", "0").stderr(Stdio::null()));
        let base = server.line.strip_prefix("listening on ").expect("it says where it listens");
        let base = base.to_owned();
        (server, base)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // A proxy ends with its standard input, and cleans up behind itself.
        drop(self.process.stdin.take());
        if !self.line.starts_with("http://") {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

/// Replays the conversations in a folder and shows how it went.
fn replay(folder: &str, base: &str, more: &[&str], environment: &[(&str, &Path)]) {
    let output = Command::new("python3")
        .env("RUST_BACKTRACE", "0")
        .envs(environment.iter().copied())
        .arg(tests().join("golden/replay.py"))
        .args(["--base", base])
        .arg("--folder")
        .arg(tests().join(folder))
        // Builds without optimization on a busy machine are slow, and silence is cheap to check.
        .args(["--scale", "2", "--quiet-ms", "45"])
        .args(more)
        .output()
        .expect("python3 is installed");
    let told = String::from_utf8_lossy(&output.stdout);
    println!("{told}{}", String::from_utf8_lossy(&output.stderr));
    let verdict = told.lines().find(|line| line.contains(" passed, ")).unwrap_or_default();
    let failed = told.lines().filter(|line| line.starts_with("not ok")).collect::<Vec<_>>();
    assert!(output.status.success(), "{verdict}\n{}", failed.join("\n"));
    assert!(verdict.contains(" passed, 0 failed"), "{verdict}");
    assert!(!verdict.starts_with("0 passed"), "no conversation was replayed");
}

/// Both folders, with a server of its own for each.
fn replay_plain(folder: &str) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (_server, base) = Listening::server(&[]);
    replay(folder, &base, &["--spawn", SERVER], &[]);
}

#[test]
fn what_phoenix_was_recorded_to_do_is_done() {
    replay_plain("golden");
}

#[test]
fn what_no_recording_shows_is_done_too() {
    replay_plain("golden/more");
}

#[test]
fn all_of_it_is_done_over_tls() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = std::env::temp_dir().join(format!("phx-golden-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the certificate");
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout"])
        .args([&*key, Path::new("-out"), &*certificate])
        .stderr(Stdio::null())
        .status();
    assert!(made.is_ok_and(|status| status.success()), "openssl is installed");
    let tls = [("TLS_CERT", &*certificate), ("TLS_KEY", &*key)];
    let (_server, base) = Listening::server(&tls);
    assert!(base.starts_with("https://"), "{base}");
    for folder in ["golden", "golden/more"] {
        replay(folder, &base, &["--spawn", SERVER], &tls);
    }
    fs::remove_dir_all(folder).expect("nobody uses it any more");
}

/// What a proxy does by itself or adds to: handshakes that are none, frames behind the handshake, and
/// what the server knows of a client's port and of headers with `x-`.
const DIRECT: &str = "^(upgrade_invalid|upgrade_then_http_headers|(lp_)?connect_info|auth_token_w)";

fn replay_through(proxy: &str) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let trusted = [("TRUST_PROXIES", Path::new("127.0.0.1"))];
    let (_server, base) = Listening::server(&trusted);
    let port = base.rsplit(':').next().expect("an address has a port");
    let mut command = Command::new("python3");
    let proxy = Listening::start(command.arg(tests().join("proxies/run.py")).args([proxy, port]));
    let base = proxy.line.split(' ').next_back().expect("it says where it listens");
    assert!(base.starts_with("https://"), "{}", proxy.line);
    for folder in ["golden", "golden/more"] {
        replay(folder, base, &["--skip", DIRECT], &[]);
    }
}

#[test]
fn all_of_it_is_done_through_nginx() {
    replay_through("nginx");
}

#[test]
fn all_of_it_is_done_through_haproxy() {
    replay_through("haproxy");
}

#[test]
fn all_of_it_is_done_through_caddy() {
    replay_through("caddy");
}
