//! The command line.

use std::{io, path::PathBuf, time::Duration};

use super::{
    effort::Effort,
    process::Server,
    targets::{ALL, Setting},
    url::Url,
};

const USAGE: &str = "\
cargo bench -p phx-runtime --bench side_by_side -- [OPTION ..] [TARGET ..]

--quick        one short round with fewer connections
--runs N       measures everything N times and tells how far the runs agree
--url URL      also measures a server that runs already: http://HOST:PORT/socket
--pid PID      the process of the last --url, where it is not the one that listens there
--json FILE    writes what was measured";

/// What was asked for.
pub struct Options {
    pub setting: Setting,
    pub runs: usize,
    pub json: Option<PathBuf>,
    /// Names of targets; all if empty.
    pub targets: Vec<String>,
}

impl Options {
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> io::Result<Self> {
        let mut effort = Effort { rounds: 5, time: Duration::from_secs(1), many: 19_000 };
        let (mut runs, mut json, mut targets) = (1, None, Vec::new());
        let mut others: Vec<(Url, Option<u32>)> = Vec::new();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| usage(&argument));
            match argument.as_str() {
                // Cargo passes this to every benchmark.
                "--bench" => {}
                "--quick" => {
                    effort = Effort { rounds: 1, time: Duration::from_secs(1), many: 2000 };
                }
                "--runs" => runs = value()?.parse().map_err(|_| usage(&argument))?,
                "--json" => json = Some(value()?.into()),
                "--url" => others.push((Url::parse(&value()?)?, None)),
                "--pid" => {
                    let pid = value()?.parse().map_err(|_| usage(&argument))?;
                    let (_, of_last) = others.last_mut().ok_or_else(|| usage(&argument))?;
                    *of_last = Some(pid);
                }
                name if ALL.iter().any(|(known, _)| *known == name) => targets.push(argument),
                _ => return Err(usage(&argument)),
            }
        }
        let others = others.into_iter().map(|(url, pid)| Server::running(url, pid));
        let setting = Setting { effort, others: others.collect::<io::Result<_>>()? };
        Ok(Self { setting, runs, json, targets })
    }
}

fn usage(wrong: &str) -> io::Error {
    let targets: Vec<_> = ALL.iter().map(|(name, _)| *name).collect();
    io::Error::other(format!("{wrong}?\n\n{USAGE}\n\nTargets: {}", targets.join(", ")))
}
