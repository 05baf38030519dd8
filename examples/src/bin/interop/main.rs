//! Checks recorded samples of Phoenix against the module `phoenix`: what was made there is read
//! here, and what is made here is the same.
//!
//! ```text
//! interop tokens FILE      tokens and session cookies
//! interop pubsub FILE      messages over Redis, and what clients got of them
//! interop presence FILE    messages of Phoenix.Presence
//! ```
//!
//! It prints a line for each sample that fails, and `N passed, M failed` last.
//! `tests/interop/README.md` says what the samples are.

mod notation;
mod presence;
mod pubsub;
mod report;
mod sample;
mod tokens;

use std::{env, fs, process::ExitCode};

use serde_json::Value;

use self::{
    report::Report,
    sample::{Checked, Failure},
};

fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [kind, file] = &*arguments else { return Err("usage: interop KIND FILE".into()) };
    let check: fn(&Value, &mut Report) -> Checked = match &**kind {
        "tokens" => tokens::check,
        "pubsub" => pubsub::check,
        "presence" => presence::check,
        _ => return Err("the kinds are tokens, pubsub and presence".into()),
    };
    let samples = serde_json::from_str(&fs::read_to_string(file)?)?;
    let mut report = Report::default();
    check(&samples, &mut report)?;
    println!("{report}");
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
