//! Engines that the tests start on free ports, and stop.

use std::{
    net::{Ipv4Addr, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{patience::PATIENCE, ports::free_port};

/// A server process, which ends with this.
pub(crate) struct Server {
    program: &'static str,
    arguments: Vec<String>,
    port: u16,
    folder: PathBuf,
    child: Child,
}

impl Server {
    fn start(
        program: &'static str,
        port: u16,
        arguments: impl FnOnce(&PathBuf) -> Vec<String>,
    ) -> Self {
        let folder = std::env::temp_dir().join(format!("phx-test-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let arguments = arguments(&folder);
        let child = spawn(program, &arguments);
        let server = Self { program, arguments, port, folder, child };
        server.until_it_listens();
        server
    }

    pub(crate) fn redis() -> Self {
        Self::redis_with(free_port(), &[])
    }

    fn redis_with(port: u16, more: &[&str]) -> Self {
        Self::start("redis-server", port, |folder| {
            let port = port.to_string();
            let folder = folder.display().to_string();
            let usual = ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--dir", &folder];
            usual.iter().chain(more).map(ToString::to_string).collect()
        })
    }

    pub(crate) fn nats() -> Self {
        let port = free_port();
        Self::start("nats-server", port, |_| {
            ["-a", "127.0.0.1", "-p", &port.to_string()].map(str::to_owned).into()
        })
    }

    /// Watches a Redis under the name `main`, for as long as it is there.
    pub(crate) fn sentinel(of: &Self) -> Self {
        Self::sentinel_with(of, "")
    }

    fn sentinel_with(of: &Self, more: &str) -> Self {
        let port = free_port();
        Self::start("redis-server", port, |folder| {
            let file = folder.join("sentinel.conf");
            let lines = format!(
                "port {port}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 {} 1\n{more}",
                of.port
            );
            std::fs::write(&file, lines).unwrap();
            vec![file.display().to_string(), "--sentinel".to_owned()]
        })
    }

    /// A Redis, one that follows it, and a Sentinel that gives the name `main` to the second when the
    /// first is gone.
    pub(crate) fn redis_with_a_follower() -> [Self; 3] {
        let first = Self::redis_with(free_port(), &["--repl-diskless-sync-delay", "0"]);
        let port = first.port.to_string();
        let second = Self::redis_with(free_port(), &["--replicaof", "127.0.0.1", &port]);
        // Sentinel asks for followers when it comes, and then seldom.
        first.until_it_says("INFO replication", "state=online");
        let more =
            "sentinel down-after-milliseconds main 1000\nsentinel failover-timeout main 5000\n";
        let sentinel = Self::sentinel_with(&first, more);
        sentinel.until_it_says("SENTINEL replicas main", &second.port.to_string());
        [first, second, sentinel]
    }

    /// Whether a Sentinel gives the name `main` to a server.
    pub(crate) fn names(&self, server: &Self) -> bool {
        self.cli("SENTINEL get-master-addr-by-name main").contains(&server.port.to_string())
    }

    fn until_it_says(&self, command: &str, expected: &str) {
        let since = Instant::now();
        loop {
            let said = self.cli(command);
            if said.contains(expected) {
                return;
            }
            assert!(since.elapsed() < PATIENCE, "{command} never said {expected}, but {said}");
            sleep(Duration::from_millis(50));
        }
    }

    /// Two servers that divide the slots of a Redis Cluster.
    pub(crate) fn redis_cluster() -> [Self; 2] {
        let servers = [(); 2].map(|()| {
            let bus = free_port().to_string();
            let cluster = ["--cluster-enabled", "yes", "--cluster-port", &bus];
            Self::redis_with(free_port(), &cluster)
        });
        servers[0].cli("CLUSTER ADDSLOTSRANGE 0 8191");
        servers[1].cli("CLUSTER ADDSLOTSRANGE 8192 16383");
        let bus = &servers[1].arguments.last().unwrap();
        servers[0].cli(&format!("CLUSTER MEET 127.0.0.1 {} {bus}", servers[1].port));
        let since = Instant::now();
        let is_ready = |server: &Self| server.cli("CLUSTER INFO").contains("cluster_state:ok");
        while !servers.iter().all(is_ready) {
            assert!(since.elapsed() < PATIENCE, "the servers do not find each other");
            sleep(Duration::from_millis(50));
        }
        servers
    }

    fn cli(&self, command: &str) -> String {
        let port = self.port.to_string();
        let output = Command::new("redis-cli")
            .args(["-p", &port])
            .args(command.split(' '))
            .output()
            .expect("redis-cli is installed");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Its address, for clients of this scheme.
    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    fn until_it_listens(&self) {
        let since = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(since.elapsed() < PATIENCE, "{} does not listen", self.program);
            sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again where it was.
    pub(crate) fn restart(&mut self) {
        self.child = spawn(self.program, &self.arguments);
        self.until_it_listens();
    }

    /// It answers nothing until it [goes on](Self::go_on), and its connections stay.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    pub(crate) fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }
}

fn spawn(program: &str, arguments: &[String]) -> Child {
    Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} is needed: {error}"))
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
