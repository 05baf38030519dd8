//! Servers under test as processes, and what the kernel says about them.

#[cfg(feature = "tls")]
use std::sync::Arc;
use std::{
    env, fs,
    io::{self, BufRead, BufReader},
    net::{SocketAddr, ToSocketAddrs},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

#[cfg(feature = "tls")]
use super::encrypted::Certified;
use super::{listener, url::Url};

/// Which of its own servers the benchmark starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The bare loop, sending when so many broadcasts have come.
    Kernel { gather: usize },
    /// phx with so many worker threads.
    Phx { threads: usize },
    /// phx with one, as filters of warp.
    Filters,
    /// phx with one, over TLS.
    #[cfg(feature = "tls")]
    Encrypted,
}

impl Kind {
    pub const PHX: Self = Self::Phx { threads: 1 };
    pub const KERNEL: Self = Self::Kernel { gather: 1 };
}

/// A running server.
pub struct Server {
    process: Process,
    pub address: SocketAddr,
    pub url: Url,
    /// What its clients trust, if they are to speak TLS.
    #[cfg(feature = "tls")]
    pub trusted: Option<Arc<rustls::ClientConfig>>,
}

enum Process {
    /// Started here, and ended with this value.
    Own(Child),
    /// Started by somebody else; all that listen on its socket. None if it runs elsewhere.
    Other(Vec<u32>),
}

impl Server {
    /// Starts this very program as a server.
    pub fn start(kind: Kind) -> io::Result<Self> {
        Self::start_with(kind, &[])
    }

    /// The same with some of its environment.
    pub fn start_with(kind: Kind, environment: &[(&str, &str)]) -> io::Result<Self> {
        let (name, number) = match kind {
            Kind::Kernel { gather } => ("serve-kernel", gather),
            Kind::Phx { threads } => ("serve-phx", threads),
            Kind::Filters => ("serve-filters", 1),
            #[cfg(feature = "tls")]
            Kind::Encrypted => ("serve-phx", 1),
        };
        #[cfg(feature = "tls")]
        let certified = match kind {
            Kind::Encrypted => Some(Certified::new()?),
            Kind::Phx { .. } | Kind::Filters | Kind::Kernel { .. } => None,
        };
        let mut command = Command::new(env::current_exe()?);
        command.args([name, &number.to_string()]).envs(environment.iter().copied());
        #[cfg(feature = "tls")]
        command.envs(certified.iter().flat_map(Certified::environment));
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let address: SocketAddr = line.trim().parse().map_err(io::Error::other)?;
        let url = Url::new(address.to_string(), "/socket");
        Ok(Self {
            process: Process::Own(child),
            address,
            url,
            #[cfg(feature = "tls")]
            trusted: certified.map(|certified| certified.trusted),
        })
    }

    /// A server that runs already. Without `pid` it is the process that listens there, where that
    /// is on this machine.
    pub fn running(url: Url, pid: Option<u32>) -> io::Result<Self> {
        let address = url.host.to_socket_addrs()?.next();
        let address = address.ok_or_else(|| io::Error::other(format!("no address: {url}")))?;
        let pids = pid.map_or_else(|| listener::pids(address), |pid| vec![pid]);
        if let Some(pid) = pids.iter().find(|pid| memory(**pid) == 0) {
            return Err(io::Error::other(format!("no process {pid}")));
        }
        Ok(Self {
            process: Process::Other(pids),
            address,
            url,
            #[cfg(feature = "tls")]
            trusted: None,
        })
    }

    /// The processes whose CPU time and memory are the server's; none if it runs elsewhere.
    pub fn pids(&self) -> Vec<u32> {
        match &self.process {
            Process::Own(child) => vec![child.id()],
            Process::Other(pids) => pids.clone(),
        }
    }

    fn sum<T: std::iter::Sum>(&self, of: impl Fn(u32) -> T) -> Option<T> {
        let pids = self.pids();
        (!pids.is_empty()).then(|| pids.into_iter().map(of).sum())
    }

    /// What the server has used until now.
    pub fn usage(&self) -> Usage {
        Usage { at: Instant::now(), cpu: self.sum(cpu), sleeps: self.sum(sleeps) }
    }

    /// Resident memory in bytes; none if it cannot be seen.
    pub fn memory(&self) -> Option<u64> {
        self.sum(memory)
    }

    /// Waits until the server has done what it still has to do.
    pub fn settle(&self) {
        const PAUSE: Duration = Duration::from_millis(100);
        for _ in 0..100 {
            let before = self.usage();
            thread::sleep(PAUSE);
            let busy = self.usage().cpu.zip(before.cpu).map(|(now, then)| now.saturating_sub(then));
            if busy.is_none_or(|busy| busy < PAUSE / 20) {
                break;
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Process::Own(child) = &mut self.process {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What a server has used until some moment.
#[derive(Clone, Copy)]
pub struct Usage {
    pub at: Instant,
    /// CPU time of the process and of the kernel on its behalf.
    cpu: Option<Duration>,
    /// How often a thread gave up its core because it had to wait for something.
    sleeps: Option<u64>,
}

/// What one unit of work costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Microseconds of CPU time; none of a server that runs elsewhere.
    pub cpu: Option<f64>,
    /// Microseconds by the clock.
    pub clock: f64,
    /// How often a thread of the server slept.
    pub sleeps: Option<f64>,
}

impl Usage {
    /// The cost of each of `units` that were done since `before`.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub fn per(self, units: usize, before: Self) -> Cost {
        let units = units.max(1) as f64;
        let micros = |time: Duration| time.as_secs_f64() * 1e6 / units;
        let cpu = self.cpu.zip(before.cpu).map(|(now, then)| micros(now.saturating_sub(then)));
        let sleeps = self.sleeps.zip(before.sleeps);
        let sleeps = sleeps.map(|(now, then)| now.saturating_sub(then) as f64 / units);
        Cost { cpu, clock: micros(self.at - before.at), sleeps }
    }
}

/// What a file of each thread says.
fn threads<T: std::iter::Sum>(pid: u32, file: &str, read: impl Fn(&str) -> Option<T>) -> T {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks.filter_map(|task| read(&fs::read_to_string(task.path().join(file)).ok()?)).sum()
}

pub fn cpu(pid: u32) -> Duration {
    // `schedstat` counts nanoseconds where `stat` counts hundredths of a second.
    let nanoseconds =
        threads(pid, "schedstat", |text| text.split_whitespace().next()?.parse::<u64>().ok());
    Duration::from_nanos(nanoseconds)
}

fn sleeps(pid: u32) -> u64 {
    threads(pid, "status", |text| field(text, "voluntary_ctxt_switches:"))
}

fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    field(&status, "VmRSS:").unwrap_or_default() * 1024
}

/// A number in `/proc/PID/status`.
fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Raises the limit of open files as far as the system allows.
pub fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
}
