//! What phx costs beside the bare kernel, in one command:
//!
//! ```text
//! cargo bench -p phx-runtime --bench side_by_side [-- [OPTION ..] [TARGET ..]]
//! ```
//!
//! Servers run as processes of their own; CPU time is theirs, the kernel's on their behalf
//! included. Only ratios within one run mean anything.
#![allow(missing_docs, unreachable_pub, reason = "a program has no public interface")]
#![allow(clippy::unchecked_time_subtraction, reason = "CPU time only grows")]
#![allow(clippy::similar_names, reason = "sent and spent are what it counts")]
#![allow(clippy::decimal_bitwise_operands, reason = "RFC 6455 writes lengths as decimals")]

#[cfg(feature = "tls")]
mod cipher;
#[cfg(all(feature = "redis", feature = "nats"))]
mod cluster;
mod compare;
#[cfg(all(feature = "redis", feature = "nats"))]
mod crowd;
mod effort;
#[cfg(feature = "tls")]
mod encrypted;
#[cfg(all(feature = "redis", feature = "nats"))]
mod engine;
mod fleet;
mod kernel;
#[cfg(all(feature = "redis", feature = "nats"))]
mod latency;
mod listener;
mod longpoll;
mod measure;
mod options;
mod process;
mod server;
mod table;
mod targets;
mod url;
mod wire;

use std::{env, error::Error, fs, io, process::ExitCode};

use serde_json::json;

use options::Options;
use server::Way;
use targets::{ALL, Outcome};

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<(), Box<dyn Error>> {
    process::raise_file_limit();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |index: usize| arguments.get(index).and_then(|text| text.parse().ok());
    match arguments.first().map(String::as_str) {
        Some("serve-kernel") => return Ok(kernel::serve(number(1).unwrap_or(1))?),
        Some("serve-phx") => return server::serve(number(1).unwrap_or(1), Way::Alone),
        Some("serve-filters") => return server::serve(number(1).unwrap_or(1), Way::Filters),
        #[cfg(all(feature = "redis", feature = "nats"))]
        Some("cluster-send") => {
            return Ok(cluster::send(&arguments[1], &arguments[2], number(3).unwrap_or(1))?);
        }
        #[cfg(all(feature = "redis", feature = "nats"))]
        Some("cluster-relay") => return Ok(latency::relay(&arguments[1], &arguments[2])?),
        Some(_) => {}
        // `cargo test --all-targets` starts benchmarks too, but passes nothing.
        None => return Ok(()),
    }
    let options = Options::parse(arguments)?;
    for server in &options.setting.others {
        match server.pids() {
            pids if pids.is_empty() => {
                eprintln!("{}: not a process of this machine; time by the clock", server.url);
            }
            pids => eprintln!("{}: process {pids:?}", server.url),
        }
    }
    let runs = (0..options.runs).map(|_| run(&options)).collect::<io::Result<Vec<_>>>()?;
    let spreads = table::spreads(&runs);
    if runs.len() > 1 {
        table::print_spreads(&runs, &spreads);
    }
    if let Some(file) = options.json {
        let all = json!({ "effort": options.setting.effort, "runs": runs, "spreads": spreads });
        fs::write(file, serde_json::to_vec_pretty(&all)?)?;
    }
    Ok(())
}

/// Measures all that is wanted, once.
fn run(options: &Options) -> io::Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    table::print_head(&options.setting.others);
    for (name, measure) in ALL {
        if options.targets.is_empty() || options.targets.iter().any(|wanted| wanted == name) {
            for outcome in measure(&options.setting)? {
                table::print(&outcome, options.setting.others.len());
                outcomes.push(outcome);
            }
        }
    }
    let limited = outcomes.iter().filter(|outcome| outcome.limit.is_some());
    let met = limited.clone().filter(|outcome| outcome.passed()).count();
    println!("\n{met} of {} targets met\n", limited.count());
    Ok(outcomes)
}
