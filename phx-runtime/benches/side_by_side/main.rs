//! What phx costs beside the bare kernel, in one command:
//!
//! ```text
//! cargo bench -p phx-runtime --bench side_by_side [-- [--quick] [--json FILE] [TARGET ..]]
//! ```
//!
//! Servers run as processes of their own; CPU time is theirs, the kernel's on their behalf
//! included. Only ratios within one run mean anything.
#![allow(missing_docs, unreachable_pub)]
#![allow(clippy::unchecked_time_subtraction, reason = "CPU time and clocks only go forward")]

mod fleet;
mod kernel;
mod measure;
mod process;
mod server;
mod targets;
mod wire;

use std::{env, error::Error, fs, time::Duration};

use targets::{ALL, Effort, Outcome};

fn main() -> Result<(), Box<dyn Error>> {
    process::raise_file_limit();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |index: usize| arguments.get(index).and_then(|text| text.parse().ok());
    match arguments.first().map(String::as_str) {
        Some("serve-kernel") => return Ok(kernel::serve(number(1).unwrap_or(1))?),
        Some("serve-phx") => return server::serve(number(1).unwrap_or(1)),
        _ => {}
    }
    let mut effort = Effort { repetitions: 3, time: Duration::from_secs(2), many: 19_000 };
    let mut json = None;
    let mut wanted = Vec::new();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // Cargo passes this to every benchmark.
            "--bench" => {}
            "--quick" => {
                effort = Effort { repetitions: 1, time: Duration::from_secs(1), many: 2000 };
            }
            "--json" => json = arguments.next(),
            target if ALL.iter().any(|(name, _)| *name == target) => wanted.push(argument),
            other => {
                let names: Vec<_> = ALL.iter().map(|(name, _)| *name).collect();
                return Err(
                    format!("unknown target {other}; there are {}", names.join(", ")).into()
                );
            }
        }
    }
    let mut outcomes = Vec::new();
    println!("| target | phx | yardstick | figure | limit | |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for (name, measure) in ALL {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            for outcome in measure(effort)? {
                print(&outcome);
                outcomes.push(outcome);
            }
        }
    }
    if let Some(file) = json {
        fs::write(file, serde_json::to_vec_pretty(&outcomes)?)?;
    }
    let missed = outcomes.iter().filter(|outcome| !outcome.passed()).count();
    println!("\n{} of {} targets met", outcomes.len() - missed, outcomes.len());
    Ok(())
}

fn print(outcome: &Outcome) {
    let Outcome { target, phx, yardstick, unit, figure, limit } = outcome;
    let yardstick = yardstick.map_or_else(String::new, |value| format!("{value:.2} {unit}"));
    let limit_text = limit.map_or_else(String::new, |limit| format!("≤ {limit:.1}"));
    let passed = match (limit, outcome.passed()) {
        (None, _) => "stated",
        (Some(_), true) => "met",
        (Some(_), false) => "MISSED",
    };
    println!(
        "| {target} | {phx:.2} {unit} | {yardstick} | {figure:.2} | {limit_text} | {passed} |"
    );
}
