//! The engines between nodes, and what they are compared with.

use std::{
    env, fs, io,
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use phx_runtime::{Endpoint, cluster::Cluster};

use super::process::{Kind, Server};

const SECRET: &str = "what all nodes of the benchmark know";

/// A figure of phx, and what it is compared to.
pub struct Compared {
    pub target: String,
    pub phx: f64,
    pub yardstick: f64,
    pub unit: &'static str,
    /// None where it is only stated.
    pub limit: Option<f64>,
}

/// An engine of its own.
pub struct Engine {
    pub name: &'static str,
    pub url: String,
    folder: std::path::PathBuf,
    child: Child,
}

impl Engine {
    pub fn start(name: &'static str) -> io::Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let folder = env::temp_dir().join(format!("phx-bench-{}-{port}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let (program, options) = if name == "redis" {
            let folder = folder.display().to_string();
            ("redis-server", format!("--port {port} --bind 127.0.0.1 --save  --dir {folder}"))
        } else {
            ("nats-server", format!("-a 127.0.0.1 -p {port}"))
        };
        let child = Command::new(program)
            .args(options.split(' '))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let url = format!("{name}://127.0.0.1:{port}");
        let engine = Self { name, url, folder, child };
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            thread::sleep(Duration::from_millis(20));
        }
        Ok(engine)
    }

    pub fn node(&self) -> io::Result<Server> {
        self.node_that_coalesces(Duration::ZERO)
    }

    /// A node that tells of presences so often at most.
    pub fn node_that_coalesces(&self, time: Duration) -> io::Result<Server> {
        let time = time.as_millis().to_string();
        let environment = [("CLUSTER", &*self.url), ("SECRET", SECRET), ("COALESCE", &time)];
        Server::start_with(Kind::PHX, &environment)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A node of this process.
pub async fn joined(url: &str) -> io::Result<Endpoint> {
    let endpoint = Endpoint::builder().secret(SECRET).cluster(Cluster::url(url)).build();
    let endpoint = endpoint.map_err(io::Error::other)?;
    endpoint.join_cluster().await.map_err(io::Error::other)?;
    Ok(endpoint)
}

pub async fn redis(url: &str) -> io::Result<redis::aio::MultiplexedConnection> {
    let client = redis::Client::open(url).map_err(io::Error::other)?;
    client.get_multiplexed_async_connection().await.map_err(io::Error::other)
}
