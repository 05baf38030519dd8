//! What phx promises about its costs, each measured beside the bare kernel in the same run.

use std::{io, time::Duration};

use serde::Serialize;

use super::{
    measure::{self, Cost},
    process::{Kind, Server},
};

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    pub target: String,
    /// What was measured of phx, with its unit.
    pub phx: f64,
    /// The yardstick in the same unit, where there is one.
    pub yardstick: Option<f64>,
    pub unit: &'static str,
    /// The figure that the limit is about: a ratio, or `phx` itself.
    pub figure: f64,
    /// The most it may be; none where it is only stated.
    pub limit: Option<f64>,
}

impl Outcome {
    pub fn passed(&self) -> bool {
        self.limit.is_none_or(|limit| self.figure <= limit)
    }
}

/// How thorough a run is.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How often each measurement is made; the median counts.
    pub repetitions: usize,
    pub time: Duration,
    /// Connections for what is said about many.
    pub many: usize,
}

type Measured = io::Result<Vec<Outcome>>;

type Measure = fn(Effort) -> Measured;

/// All targets by name.
pub const ALL: &[(&str, Measure)] = &[
    ("idle-memory", idle_memory),
    ("fan-out", fan_out),
    ("echo", echo),
    ("connect", connect),
    ("many-topics", many_topics),
    ("slow-readers", slow_readers),
    ("two-threads", two_threads),
];

/// Median of several runs on fresh servers, the two kinds taking turns.
fn side_by_side(
    effort: Effort,
    kinds: [Kind; 2],
    measure: impl Fn(&Server, Kind) -> io::Result<Cost>,
) -> io::Result<[Cost; 2]> {
    let mut costs = [Vec::new(), Vec::new()];
    for _ in 0..effort.repetitions {
        for (kind, costs) in kinds.iter().zip(&mut costs) {
            let cost = measure(&Server::start(*kind)?, *kind)?;
            eprintln!("{kind:?}: {cost:.2} µs");
            costs.push(cost);
        }
    }
    Ok(costs.map(median))
}

fn median(mut costs: Vec<f64>) -> f64 {
    costs.sort_by(f64::total_cmp);
    costs[costs.len() / 2]
}

fn ratio(target: String, [phx, yardstick]: [Cost; 2], limit: f64) -> Outcome {
    let (unit, figure) = ("µs", phx / yardstick);
    Outcome { target, phx, yardstick: Some(yardstick), unit, figure, limit: Some(limit) }
}

fn idle_memory(effort: Effort) -> Measured {
    let runs: Vec<_> = (0..effort.repetitions)
        .map(|_| measure::idle_memory(&Server::start(Kind::PHX)?, effort.many, 4))
        .collect::<io::Result<_>>()?;
    let bytes = |target: String, values: Vec<f64>, limit: f64| {
        let phx = median(values);
        let (unit, limit) = ("bytes", Some(limit));
        Outcome { target, phx, yardstick: None, unit, figure: phx, limit }
    };
    let connections = effort.many;
    Ok(vec![
        bytes(
            format!("memory per idle connection with one topic, {connections} connections"),
            runs.iter().map(|run| run.0).collect(),
            2560.0,
        ),
        bytes(
            "memory per further topic of a connection".to_owned(),
            runs.iter().map(|run| run.1).collect(),
            614.0,
        ),
    ])
}

fn fan_out(effort: Effort) -> Measured {
    let mut outcomes = Vec::new();
    for (subscribers, payload, window, limit) in [
        (1000, 64, 1, 1.4),
        (1000, 1024, 1, 1.4),
        (1000, 64, 16, 2.0),
        (1000, 1024, 16, 2.0),
        (effort.many, 64, 1, 1.4),
        (effort.many, 64, 16, 2.0),
    ] {
        let costs =
            side_by_side(effort, [Kind::PHX, Kind::Kernel { gather: window }], |server, _| {
                measure::fan_out(server, subscribers, window, payload, effort.time)
            })?;
        let target = format!(
            "CPU per delivery, {subscribers} subscribers, {payload} bytes, {window} under way"
        );
        outcomes.push(ratio(target, costs, limit));
    }
    Ok(outcomes)
}

fn echo(effort: Effort) -> Measured {
    let mut outcomes = Vec::new();
    for (connections, depth, limit) in [(1000, 1, 1.3), (100, 16, 1.0)] {
        let costs = side_by_side(effort, [Kind::PHX, Kind::KERNEL], |server, _| {
            measure::echo(server, connections, depth, effort.time)
        })?;
        let target = format!("CPU per request, {connections} connections, {depth} under way each");
        outcomes.push(ratio(target, costs, limit));
    }
    Ok(outcomes)
}

fn connect(effort: Effort) -> Measured {
    let costs = side_by_side(effort, [Kind::PHX, Kind::KERNEL], |server, kind| {
        measure::connect(server, 3000, kind == Kind::PHX)
    })?;
    let target = "CPU per connection with its join, to a bare handshake".to_owned();
    Ok(vec![ratio(target, costs, 1.5)])
}

fn many_topics(effort: Effort) -> Measured {
    let (connections, operations) = (effort.many.min(5000), 500);
    let mut runs = [Vec::new(), Vec::new()];
    for _ in 0..effort.repetitions {
        for (topics, runs) in [100_000, 100].into_iter().zip(&mut runs) {
            let server = Server::start(Kind::PHX)?;
            runs.push(measure::many_topics(&server, connections, topics, operations)?);
        }
    }
    let [many, few] = runs;
    Ok(["join", "delivery", "leave"]
        .into_iter()
        .enumerate()
        .map(|(index, operation)| {
            let cost = |runs: &[[f64; 3]]| median(runs.iter().map(|run| run[index]).collect());
            let target = format!("CPU per {operation} with 100,000 topics, to 100 topics");
            ratio(target, [cost(&many), cost(&few)], 1.3)
        })
        .collect())
}

fn slow_readers(_: Effort) -> Measured {
    let server = Server::start(Kind::PHX)?;
    let slow = measure::slow_readers(&server, 200, 20, 1000)?;
    let [before, after] = slow.p99;
    let cut_off = slow.codes.iter().filter(|code| **code == 1013).count();
    // 1 MiB of backlog for each, shared by all while their frames are the same.
    let bound = 20.0 * 1024.0 * 1024.0;
    let stated = |target: &str, phx: f64, unit, limit| Outcome {
        target: target.to_owned(),
        phx,
        yardstick: None,
        unit,
        figure: phx,
        limit: Some(limit),
    };
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    Ok(vec![
        ratio("p99 of the others while 20 of 200 do not read".to_owned(), [after, before], 1.2),
        stated("growth of memory meanwhile", slow.growth as f64, "bytes", bound),
        stated("stopped readers not cut off with 1013", (20 - cut_off) as f64, "of 20", 0.0),
    ])
}

fn two_threads(effort: Effort) -> Measured {
    let kinds = [Kind::Phx { threads: 2 }, Kind::PHX];
    let deliveries = side_by_side(effort, kinds, |server, _| {
        measure::fan_out(server, 1000, 1, 64, effort.time)
    })?;
    let requests =
        side_by_side(effort, kinds, |server, _| measure::echo(server, 1000, 1, effort.time))?;
    Ok(vec![
        ratio("CPU per delivery with two worker threads, to one".to_owned(), deliveries, 1.2),
        ratio("CPU per request with two worker threads, to one".to_owned(), requests, 1.2),
    ])
}
