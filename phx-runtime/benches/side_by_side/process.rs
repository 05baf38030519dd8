//! Servers under test as processes of their own, and what the kernel says about them.

use std::{
    env, fs,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// Which server a measurement is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The bare loop, sending when so many broadcasts have come.
    Kernel { gather: usize },
    /// phx with so many worker threads.
    Phx { threads: usize },
}

impl Kind {
    pub const PHX: Self = Self::Phx { threads: 1 };
    pub const KERNEL: Self = Self::Kernel { gather: 1 };
}

/// A running server.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    /// Starts this very program as a server. With one thread it is kept on one core, where there
    /// are several, so that the load generator has the other.
    pub fn start(kind: Kind) -> io::Result<Self> {
        let program = env::current_exe()?;
        let (name, number) = match kind {
            Kind::Kernel { gather } => ("serve-kernel", gather),
            Kind::Phx { threads } => ("serve-phx", threads),
        };
        let mut command = if kind == (Kind::Phx { threads: 2 }) {
            Command::new(program)
        } else {
            let mut command = Command::new("taskset");
            command.args(["-c", "0"]).arg(program);
            command
        };
        let mut child = command.args([name, &number.to_string()]).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let address = line.trim().parse().map_err(io::Error::other)?;
        Ok(Self { child, address })
    }

    /// CPU time used so far, of the process and of the kernel on its behalf.
    pub fn cpu(&self) -> Duration {
        cpu(self.child.id())
    }

    /// Resident memory in bytes.
    pub fn memory(&self) -> u64 {
        memory(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cpu(pid: u32) -> Duration {
    // `schedstat` counts nanoseconds where `stat` counts hundredths of a second.
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let nanoseconds = tasks.filter_map(|task| {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

/// Raises the limit of open files as far as the system allows.
pub fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
}
