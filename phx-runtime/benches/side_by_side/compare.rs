//! Servers that take turns, and what comes of comparing them.

use std::io;

use serde::Serialize;

use super::{
    effort::Effort,
    process::{Cost, Kind, Server},
};

/// phx beside its yardstick, and others beside both.
pub struct Compared {
    pub phx: Cost,
    pub yardstick: Cost,
    /// The median of the rounds' ratios of CPU time: what else the machine did during a round
    /// slowed both.
    pub ratio: f64,
    pub others: Vec<Beside>,
}

/// Another server's figure.
#[derive(Clone, Debug, Serialize)]
pub struct Beside {
    pub url: String,
    pub figure: Option<f64>,
    /// Whether the figure is time by the clock, because its CPU time cannot be seen.
    pub by_clock: bool,
    /// How many times as much as phx.
    pub to_phx: Option<f64>,
    /// How many times as much as the yardstick.
    pub to_yardstick: Option<f64>,
    /// Why there is no figure.
    pub error: Option<String>,
}

impl Beside {
    /// A figure that is neither CPU time nor time by the clock.
    pub fn of(url: String, figure: Result<f64, String>, phx: f64) -> Self {
        let (to_phx, error) =
            (figure.as_ref().ok().map(|figure| figure / phx), figure.clone().err());
        let figure = figure.ok();
        Self { url, figure, by_clock: false, to_phx, to_yardstick: None, error }
    }

    /// CPU time, or time by the clock where that is all there is.
    pub fn cost(
        url: String,
        cost: Result<Cost, String>,
        phx: Cost,
        yardstick: Option<Cost>,
    ) -> Self {
        let cost = match cost {
            Ok(cost) => cost,
            Err(error) => return Self::of(url, Err(error), f64::NAN),
        };
        let by_clock = cost.cpu.is_none();
        let of = |cost: Cost| if by_clock { cost.clock } else { cost.cpu.unwrap_or(f64::NAN) };
        Self {
            url,
            figure: Some(of(cost)),
            by_clock,
            to_phx: Some(of(cost) / of(phx)),
            to_yardstick: yardstick.map(|yardstick| of(cost) / of(yardstick)),
            error: None,
        }
    }
}

impl Compared {
    /// Of phx and its yardstick in each round.
    pub fn of(rounds: &[[Cost; 2]]) -> Self {
        let side = |side: usize| Cost::median(rounds.iter().map(|round| round[side]));
        let ratio = rounds.iter().filter_map(|[phx, yardstick]| Some(phx.cpu? / yardstick.cpu?));
        Self { phx: side(0), yardstick: side(1), ratio: median(ratio), others: Vec::new() }
    }
}

impl Cost {
    pub fn median(costs: impl Iterator<Item = Self> + Clone) -> Self {
        let some = |of: fn(Self) -> Option<f64>| {
            let values = costs.clone().filter_map(of);
            (values.clone().count() > 0).then(|| median(values))
        };
        Self {
            cpu: some(|cost| cost.cpu),
            clock: median(costs.clone().map(|cost| cost.clock)),
            sleeps: some(|cost| cost.sleeps),
        }
    }
}

/// The middle one; 0 of none.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Measures both kinds in turn, each round on fresh servers, and the others after them.
pub fn side_by_side(
    effort: Effort,
    kinds: [Kind; 2],
    others: &[Server],
    measure: impl Fn(&Server, Option<Kind>) -> io::Result<Cost>,
) -> io::Result<Compared> {
    let mut rounds = Vec::new();
    let mut theirs: Vec<Result<Vec<Cost>, String>> = vec![Ok(Vec::new()); others.len()];
    for _ in 0..effort.rounds {
        let mut round = [Cost::default(); 2];
        for (kind, cost) in kinds.into_iter().zip(&mut round) {
            *cost = measure(&Server::start(kind)?, Some(kind))?;
            eprintln!("{kind:?}: {:.2} µs", cost.cpu.unwrap_or_default());
        }
        rounds.push(round);
        for (server, costs) in others.iter().zip(&mut theirs) {
            // One that fails is not asked again, and spoils nothing for the rest.
            let Ok(costs_so_far) = costs else { continue };
            server.settle();
            match measure(server, None) {
                Ok(cost) => {
                    let figure = cost.cpu.unwrap_or(cost.clock);
                    eprintln!("{}: {figure:.2} µs", server.url);
                    costs_so_far.push(cost);
                }
                Err(error) => *costs = Err(error.to_string()),
            }
            server.settle();
        }
    }
    let mut compared = Compared::of(&rounds);
    let beside = |(server, costs): (&Server, Result<Vec<Cost>, String>)| {
        let cost = costs.map(|costs| Cost::median(costs.into_iter()));
        Beside::cost(server.url.to_string(), cost, compared.phx, Some(compared.yardstick))
    };
    compared.others = others.iter().zip(theirs).map(beside).collect();
    Ok(compared)
}
