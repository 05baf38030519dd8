//! How results are shown.

use serde::Serialize;

use super::{compare::Beside, process::Server, targets::Outcome};

pub fn print_head(others: &[Server]) {
    let mut head: Vec<_> =
        ["target", "phx", "yardstick", "figure", "limit", "result"].map(str::to_owned).into();
    head.extend(others.iter().map(|server| server.url.to_string()));
    let line = vec!["---".to_owned(); head.len()];
    print_row(head);
    print_row(line);
}

pub fn print(outcome: &Outcome, others: usize) {
    let Outcome { target, phx, yardstick, unit, figure, limit, .. } = outcome;
    let mut row = vec![
        target.clone(),
        format!("{phx:.2} {unit}"),
        yardstick.map_or_else(String::new, |value| format!("{value:.2} {unit}")),
        if limit.or(outcome.yardstick).is_some() { format!("{figure:.2}") } else { String::new() },
        limit.map_or_else(String::new, |limit| format!("≤ {limit}")),
        verdict(outcome).to_owned(),
    ];
    row.extend((0..others).map(|index| cell(outcome.others.get(index), unit)));
    print_row(row);
}

fn print_row(cells: Vec<String>) {
    println!("| {} |", cells.join(" | "));
}

/// Another server's figure, and how many times as much it is.
fn cell(beside: Option<&Beside>, unit: &str) -> String {
    let Some(beside) = beside else { return String::new() };
    let Some(figure) = beside.figure else {
        let error = beside.error.as_deref().unwrap_or_default();
        let shown = error.lines().next().unwrap_or_default().replace('|', "\\|");
        return shown.chars().take(100).collect();
    };
    let clock = if beside.by_clock { " by the clock" } else { "" };
    let times = |than: Option<f64>, whom: &str| {
        than.map_or_else(String::new, |times| format!(", {times:.2} × {whom}"))
    };
    let (phx, yardstick) = (times(beside.to_phx, "phx"), times(beside.to_yardstick, "yardstick"));
    format!("{figure:.2} {unit}{clock}{phx}{yardstick}")
}

fn verdict(outcome: &Outcome) -> &'static str {
    match (outcome.limit, outcome.passed()) {
        (None, _) => "stated",
        (Some(_), true) => "met",
        (Some(_), false) => "MISSED",
    }
}

/// One target over several runs.
#[derive(Debug, Serialize)]
pub struct Spread {
    pub target: String,
    /// Each run's figure: a ratio, or what was measured of phx.
    pub figures: Vec<f64>,
    /// How far the highest is above the lowest.
    pub apart: f64,
    /// Whether all runs come to the same verdict.
    pub agree: bool,
}

/// Whether runs agree, target by target.
pub fn spreads(runs: &[Vec<Outcome>]) -> Vec<Spread> {
    let Some(first) = runs.first() else { return Vec::new() };
    let of = |(index, outcome): (usize, &Outcome)| {
        let same: Vec<_> = runs.iter().filter_map(|run| run.get(index)).collect();
        let figures: Vec<_> = same.iter().map(|outcome| outcome.figure).collect();
        let highest = figures.iter().copied().fold(f64::MIN, f64::max);
        let lowest = figures.iter().copied().fold(f64::MAX, f64::min);
        let apart = if highest > lowest { highest / lowest - 1.0 } else { 0.0 };
        let agree = same.iter().all(|other| other.passed() == outcome.passed());
        Spread { target: outcome.target.clone(), figures, apart, agree }
    };
    first.iter().enumerate().map(of).collect()
}

pub fn print_spreads(runs: &[Vec<Outcome>], spreads: &[Spread]) {
    print_row(["target", "figures", "apart", "result"].map(str::to_owned).into());
    print_row(vec!["---".to_owned(); 4]);
    for (index, Spread { target, figures, apart, agree }) in spreads.iter().enumerate() {
        let figures: Vec<_> = figures.iter().map(|figure| format!("{figure:.2}")).collect();
        let verdict = match runs.first().and_then(|run| run.get(index)) {
            Some(outcome) if *agree => verdict(outcome),
            _ => "RUNS DISAGREE",
        };
        let apart = format!("{:.0} %", apart * 100.0);
        print_row(vec![target.clone(), figures.join(", "), apart, verdict.to_owned()]);
    }
    let agree = spreads.iter().filter(|spread| spread.agree).count();
    println!("\n{} runs agree on {agree} of {} results", runs.len(), spreads.len());
}
