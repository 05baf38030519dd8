//! What phx promises about its costs, each measured beside the bare kernel in the same run.

use std::io;

use serde::Serialize;

#[cfg(feature = "tls")]
use super::cipher;
use super::{
    compare::{Beside, Compared, median, side_by_side},
    effort::Effort,
    longpoll::{self, LongPoll},
    measure::{self, Slow},
    process::{Cost, Kind, Server},
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
    /// The other servers, where the measurement can be made of them.
    pub others: Vec<Beside>,
}

impl Outcome {
    pub fn passed(&self) -> bool {
        self.limit.is_none_or(|limit| self.figure <= limit)
    }

    fn ratio(target: impl Into<String>, compared: Compared, limit: impl Into<Option<f64>>) -> Self {
        let Compared { phx, yardstick, ratio, others } = compared;
        let (unit, target) = ("µs", target.into());
        let (phx, yardstick) = (phx.cpu.unwrap_or_default(), yardstick.cpu);
        Self { target, phx, yardstick, unit, figure: ratio, limit: limit.into(), others }
    }

    fn alone(target: impl Into<String>, phx: f64, unit: &'static str, limit: Option<f64>) -> Self {
        let (target, others) = (target.into(), Vec::new());
        Self { target, phx, yardstick: None, unit, figure: phx, limit, others }
    }
}

/// What a run is made with.
pub struct Setting {
    pub effort: Effort,
    /// Servers of others that run already.
    pub others: Vec<Server>,
}

type Measured = io::Result<Vec<Outcome>>;

/// Measures one or several targets.
type Measure = fn(&Setting) -> Measured;

/// All targets by name.
pub const ALL: &[(&str, Measure)] = &[
    ("idle-memory", idle_memory),
    ("fan-out", fan_out),
    ("echo", echo),
    ("connect", connect),
    ("many-topics", many_topics),
    ("slow-readers", slow_readers),
    ("long-poll", long_poll),
    ("two-threads", two_threads),
    #[cfg(feature = "tls")]
    ("tls", tls),
    #[cfg(all(feature = "redis", feature = "nats"))]
    ("cluster", cluster),
];

const BOTH: [Kind; 2] = [Kind::PHX, Kind::KERNEL];

#[cfg(all(feature = "redis", feature = "nats"))]
fn cluster(setting: &Setting) -> Measured {
    let compared = super::cluster::compare(setting.effort)?.into_iter();
    Ok(compared
        .map(|compared| Outcome {
            target: compared.target,
            phx: compared.phx,
            yardstick: Some(compared.yardstick),
            unit: compared.unit,
            figure: compared.phx / compared.yardstick,
            limit: compared.limit,
            others: Vec::new(),
        })
        .collect())
}

#[cfg(feature = "tls")]
fn tls(setting: &Setting) -> Measured {
    let mut outcomes = Vec::new();
    for (payload, window) in [(64, 1), (1024, 1), (1024, 16)] {
        let compared =
            side_by_side(setting.effort, [Kind::Encrypted, Kind::PHX], &[], |server, _| {
                measure::fan_out(server, 1000, window, payload, setting.effort.time)
            })?;
        let cipher = cipher::seal(payload)?;
        let target = format!(
            "CPU per delivery over TLS, 1,000 subscribers, {payload} bytes, {window} under way; \
             without TLS, and {cipher:.2} µs for the cipher alone"
        );
        let mut outcome = Outcome::ratio(target, compared, None);
        let both = outcome.yardstick.unwrap_or_default() + cipher;
        (outcome.yardstick, outcome.figure) = (Some(both), outcome.phx / both);
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

fn idle_memory(setting: &Setting) -> Measured {
    let Effort { many, .. } = setting.effort;
    let mut runs = Vec::new();
    for _ in 0..setting.effort.few_rounds() {
        runs.push(measure::idle_memory(&Server::start(Kind::PHX)?, many, 4)?);
    }
    // Once: what a server keeps for later would be missing from what it takes the next time.
    let mut others = Vec::new();
    for server in &setting.others {
        server.settle();
        others.push((server.url.to_string(), measure::idle_memory(server, many, 4)));
        server.settle();
    }
    let bytes = |target: String, index: usize, limit: f64| {
        let phx = median(runs.iter().map(|run| run[index]));
        let mut outcome = Outcome::alone(target, phx, "bytes", Some(limit));
        let of_run = |run: &io::Result<[f64; 2]>| match run {
            Ok(run) => Ok(run[index]),
            Err(error) => Err(error.to_string()),
        };
        outcome.others =
            others.iter().map(|(url, run)| Beside::of(url.clone(), of_run(run), phx)).collect();
        outcome
    };
    Ok(vec![
        bytes(format!("memory per idle connection with one topic, {many} connections"), 0, 1500.0),
        bytes("memory per further topic of a connection".to_owned(), 1, 256.0),
    ])
}

fn fan_out(setting: &Setting) -> Measured {
    let Effort { time, many, .. } = setting.effort;
    let mut outcomes = Vec::new();
    for (subscribers, payload, window, limit) in [
        (1000, 64, 1, 1.4),
        (1000, 1024, 1, 1.4),
        (1000, 64, 16, 2.0),
        (1000, 1024, 16, 2.0),
        (many, 64, 1, 1.4),
        (many, 64, 16, 2.0),
    ] {
        let kinds = [Kind::PHX, Kind::Kernel { gather: window }];
        let compared = side_by_side(setting.effort, kinds, &setting.others, |server, _| {
            measure::fan_out(server, subscribers, window, payload, time)
        })?;
        let target = format!(
            "CPU per delivery, {subscribers} subscribers, {payload} bytes, {window} under way"
        );
        outcomes.push(Outcome::ratio(target, compared, limit));
    }
    Ok(outcomes)
}

fn echo(setting: &Setting) -> Measured {
    let mut outcomes = Vec::new();
    for (connections, depth, limit) in [(1000, 1, 1.1), (100, 16, 1.0)] {
        let compared = side_by_side(setting.effort, BOTH, &setting.others, |server, _| {
            measure::echo(server, connections, depth, setting.effort.time)
        })?;
        let target = format!("CPU per request, {connections} connections, {depth} under way each");
        outcomes.push(Outcome::ratio(target, compared, limit));
    }
    Ok(outcomes)
}

fn connect(setting: &Setting) -> Measured {
    // These rounds are short, and suffer the more from what else goes on.
    let effort = Effort { rounds: setting.effort.rounds * 3, ..setting.effort };
    let compared = side_by_side(effort, BOTH, &setting.others, |server, kind| {
        measure::connect(server, 3000, kind != Some(Kind::KERNEL))
    })?;
    // The yardstick itself joins for about half as much as its handshake costs.
    let alike =
        |kinds| side_by_side(effort, kinds, &[], |server, _| measure::connect(server, 3000, true));
    let (alone, filters) = (alike(BOTH)?, alike([Kind::Filters, Kind::KERNEL])?);
    Ok(vec![
        Outcome::ratio("CPU per connection with its join, to a bare handshake", compared, 1.5),
        Outcome::ratio("the same, to the yardstick's handshake with its join", alone, 1.25),
        Outcome::ratio("the same through warp's filters", filters, None),
    ])
}

fn many_topics(setting: &Setting) -> Measured {
    let (connections, operations) = (setting.effort.many.min(5000), 500);
    let mut rounds = Vec::new();
    for _ in 0..setting.effort.few_rounds() {
        let measure = |topics| -> io::Result<_> {
            measure::many_topics(&Server::start(Kind::PHX)?, connections, topics, operations)
        };
        rounds.push([measure(100_000)?, measure(100)?]);
    }
    let outcome = |(index, operation)| {
        let costs: Vec<_> = rounds.iter().map(|[many, few]| [many[index], few[index]]).collect();
        let target = format!("CPU per {operation} with 100,000 topics, to 100 topics");
        Outcome::ratio(target, Compared::of(&costs), 1.3)
    };
    Ok(["join", "delivery", "leave"].into_iter().enumerate().map(outcome).collect())
}

fn slow_readers(setting: &Setting) -> Measured {
    let mut rounds = Vec::new();
    for _ in 0..setting.effort.few_rounds() {
        rounds.push(measure::slow_readers(&Server::start(Kind::PHX)?, 200, 20, 1100)?);
    }
    let p99 = |index: usize| median(rounds.iter().map(|slow| slow.p99[index]));
    let mut latency =
        Outcome::alone("p99 of the others while 20 of 200 do not read", p99(1), "µs", Some(1.2));
    latency.yardstick = Some(p99(0));
    latency.figure = median(rounds.iter().map(|slow| slow.p99[1] / slow.p99[0]));
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let worst = |of: fn(&Slow) -> u64| rounds.iter().map(of).max().unwrap_or_default() as f64;
    // 1100 messages of 16 KiB are more than the hard limit of 16 MiB. Each of the 20 may have 1 MiB;
    // it is 16 MiB, because all of them share the frames that they wait for.
    let bound = 20.0 * 1024.0 * 1024.0;
    Ok(vec![
        latency,
        Outcome::alone(
            "growth of memory meanwhile",
            worst(|slow| slow.growth),
            "bytes",
            Some(bound),
        ),
        Outcome::alone(
            "stopped readers not cut off with 1013",
            worst(|slow| 20 - slow.codes.iter().filter(|code| **code == 1013).count() as u64),
            "of 20",
            Some(0.0),
        ),
    ])
}

fn long_poll(setting: &Setting) -> Measured {
    const POLLERS: usize = 1000;
    let measure = |server: &Server| longpoll::long_poll(server, POLLERS, setting.effort.time);
    let mut rounds = Vec::new();
    for _ in 0..setting.effort.rounds {
        rounds.push(measure(&Server::start(Kind::PHX)?)?);
    }
    let delivery = Cost::median(rounds.iter().map(|round| round.delivery));
    let session = median(rounds.iter().filter_map(|round| round.session));
    let mut outcomes = [
        Outcome::alone(
            format!("CPU per delivery by long-poll and the next poll, {POLLERS} pollers"),
            delivery.cpu.unwrap_or_default(),
            "µs",
            None,
        ),
        Outcome::alone(
            "memory per long-poll session with its waiting poll",
            session,
            "bytes",
            Some(12.0 * 1024.0),
        ),
    ];
    for server in &setting.others {
        server.settle();
        let url = server.url.to_string();
        let (cost, memory) = match measure(server) {
            Ok(LongPoll { delivery, session }) => {
                (Ok(delivery), session.ok_or_else(|| "memory is not visible from here".to_owned()))
            }
            Err(error) => (Err(error.to_string()), Err(error.to_string())),
        };
        outcomes[0].others.push(Beside::cost(url.clone(), cost, delivery, None));
        outcomes[1].others.push(Beside::of(url, memory, session));
        server.settle();
    }
    Ok(outcomes.into())
}

fn two_threads(setting: &Setting) -> Measured {
    let Effort { time, .. } = setting.effort;
    let kinds = [Kind::Phx { threads: 2 }, Kind::PHX];
    let deliveries = side_by_side(setting.effort, kinds, &[], |server, _| {
        measure::fan_out(server, 1000, 1, 64, time)
    })?;
    let requests =
        side_by_side(setting.effort, kinds, &[], |server, _| measure::echo(server, 1000, 1, time))?;
    // Whatever the workers share, they share here.
    let rooms = side_by_side(setting.effort, kinds, &setting.others, |server, _| {
        measure::rooms(server, 50, 20, time)
    })?;
    // Whoever waits for a lock sleeps, so this bounds how often that happens; waiting for work is
    // in it too.
    let of = |cost: Cost| cost.sleeps.map(|sleeps| sleeps * 1000.0);
    let mut slept = Outcome::alone(
        "sleeps of threads per 1,000 deliveries in these rooms, with two worker threads, to one",
        of(rooms.phx).unwrap_or_default(),
        "times",
        None,
    );
    slept.yardstick = of(rooms.yardstick);
    Ok(vec![
        Outcome::ratio("CPU per delivery with two worker threads, to one", deliveries, 1.2),
        Outcome::ratio("CPU per request with two worker threads, to one", requests, 1.2),
        Outcome::ratio(
            "CPU per delivery in 50 rooms of 20 that all speak, with two worker threads, to one",
            rooms,
            None,
        ),
        slept,
    ])
}
