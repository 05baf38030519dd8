//! A crate that depends on the runtime under another name and does not tell the macros.
//!
//! `trybuild` compiles programs against this crate's own dependencies, so the compiler is called by
//! hand, with what cargo has built for this test under another name.

#![allow(clippy::unwrap_used, reason = "what helpers of a test cannot do fails the test")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const PROGRAM: &str = r#"
use rt::prelude::*;

pub struct Sock;

#[rt::socket("/socket", websocket CRATE)]
#[channels(Room)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

pub struct Room;

#[channel("room:{id}" CRATE)]
impl Room {
    #[join]
    fn join(id: u8) -> Result<Self, JoinError> {
        if id > 0 { Ok(Self) } else { Err(JoinError::new("zero")) }
    }

    #[handle_in("a")]
    async fn a(&mut self, _: Payload, socket: &Socket) {
        socket.push("b", 1);
    }
}

pub fn topic() -> Topic {
    Room::topic(7)
}
"#;

#[test]
fn a_renamed_dependency_is_one_mistake_for_each_attribute() {
    let messages = compile("silent", "");
    let sentence = "error[E0432]: unresolved import `phx_runtime`";
    assert_eq!(
        errors(&messages),
        [sentence, sentence, "error: aborting due to 2 previous errors"],
        "{messages}"
    );
    assert!(messages.contains(r#"#[channel("room:{id}" )]"#), "not at the attribute: {messages}");
}

#[test]
fn the_attributes_are_told_another_name() {
    let messages = compile("told", ", crate = rt");
    assert_eq!(messages, "");
}

/// What the compiler says about the program.
fn compile(name: &str, runtime: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("renamed").join(name);
    fs::create_dir_all(&folder).unwrap();
    let source = folder.join("lib.rs");
    fs::write(&source, PROGRAM.replace("CRATE", runtime)).unwrap();
    let dependencies = env::current_exe().unwrap().parent().unwrap().to_owned();
    let mut compiler = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    compiler.args(["--edition=2024", "--crate-type=lib", "--emit=metadata", "--out-dir"]);
    compiler.arg(&folder).arg(&source).arg("-L").arg(&dependencies);
    compiler.arg(format!("--extern=rt={}", library(&dependencies).display()));
    String::from_utf8(compiler.output().unwrap().stderr).unwrap()
}

/// The runtime as it was last built, which was for this test.
fn library(dependencies: &Path) -> PathBuf {
    let files = fs::read_dir(dependencies).unwrap().map(|entry| entry.unwrap().path());
    let is_runtime = |file: &PathBuf| {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        stem.starts_with("libphx_runtime-") && file.extension().is_some_and(|it| it == "rlib")
    };
    let built = |file: &PathBuf| fs::metadata(file).and_then(|file| file.modified()).ok();
    files.filter(is_runtime).max_by_key(built).unwrap()
}

fn errors(messages: &str) -> Vec<&str> {
    messages.lines().filter(|line| line.starts_with("error")).collect()
}
