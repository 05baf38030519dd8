//! How long a message takes from one node to another's client, beside what the engine's client alone takes.

use std::{
    env,
    io::{self, BufRead, BufReader, Read},
    net::{Ipv4Addr, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{StreamExt, stream::BoxStream};
use phx_runtime::json;
use tokio::{io::AsyncWriteExt, runtime::Builder};

use super::{
    compare::median,
    engine::{Compared, Engine, joined, redis},
    fleet::{Fleet, contains},
    measure::PAD,
};

/// From a broadcast here to a client's socket at another node, from a publish to its receipt, and from
/// a publish to a socket of another process, in turn.
pub fn latency(engine: &Engine) -> io::Result<[Compared; 2]> {
    const COUNT: usize = 1000;
    const PAUSE: Duration = Duration::from_millis(2);
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let server = engine.node()?;
    let mut fleet = Fleet::connect(&server, 1)?;
    fleet.join(|_| "bench:x".to_owned())?;
    fleet.may_sleep();
    let endpoint = runtime.block_on(joined(&engine.url))?;
    let mut bare = runtime.block_on(Bare::connect(engine))?;
    let mut relay = Relay::start(engine)?;
    thread::sleep(Duration::from_millis(500));
    let (mut apart, mut alone, mut relayed) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..COUNT {
        thread::sleep(PAUSE);
        let since = Instant::now();
        endpoint.broadcast("bench:x", "cast", json!({ "n": n, "pad": PAD }));
        fleet.run(|_, got| !contains(got.payload, b"\"cast\""))?;
        apart.push(since.elapsed().as_secs_f64() * 1e6);
        thread::sleep(PAUSE);
        alone.push(runtime.block_on(bare.there())?.as_secs_f64() * 1e6);
        thread::sleep(PAUSE);
        let since = Instant::now();
        runtime.spawn(bare.sender.clone().publish(RELAYED));
        relay.read()?;
        relayed.push(since.elapsed().as_secs_f64() * 1e6);
    }
    let phx = median(apart.into_iter());
    let to = |what: &str, yardstick: Vec<f64>, limit| Compared {
        target: format!(
            "{}: p50 from a broadcast to a socket of another node; {what}",
            engine.name
        ),
        phx,
        yardstick: median(yardstick.into_iter()),
        unit: "µs",
        limit,
    };
    Ok([
        to("publish to receipt", alone, Some(1.5)),
        to("publish to a socket of another process", relayed, None),
    ])
}

/// The engine's client alone.
struct Bare {
    sender: Sender,
    received: BoxStream<'static, ()>,
}

#[derive(Clone)]
enum Sender {
    Redis(redis::aio::MultiplexedConnection),
    Nats(async_nats::Client),
}

impl Sender {
    async fn publish(self, subject: &'static str) -> io::Result<()> {
        let body = Bytes::from_static(&[b'x'; 150]);
        match self {
            Self::Redis(mut connection) => {
                let mut publish = redis::cmd("PUBLISH");
                publish.arg(subject).arg(&body[..]);
                publish.query_async(&mut connection).await.map_err(io::Error::other)
            }
            Self::Nats(client) => client.publish(subject, body).await.map_err(io::Error::other),
        }
    }
}

impl Bare {
    async fn connect(engine: &Engine) -> io::Result<Self> {
        let sender = if engine.name == "redis" {
            Sender::Redis(redis(&engine.url).await?)
        } else {
            Sender::Nats(async_nats::connect(&engine.url).await.map_err(io::Error::other)?)
        };
        Ok(Self { sender, received: listen(engine.name, &engine.url, "bare").await? })
    }

    /// How long a message takes.
    async fn there(&mut self) -> io::Result<Duration> {
        let since = Instant::now();
        let received = async {
            self.received.next().await;
            since.elapsed()
        };
        let (sent, time) = tokio::join!(self.sender.clone().publish("bare"), received);
        sent.map(|()| time)
    }
}

async fn listen(name: &str, url: &str, subject: &str) -> io::Result<BoxStream<'static, ()>> {
    if name == "redis" {
        let client = redis::Client::open(url).map_err(io::Error::other)?;
        let mut listener = client.get_async_pubsub().await.map_err(io::Error::other)?;
        listener.subscribe(subject).await.map_err(io::Error::other)?;
        return Ok(listener.into_on_message().map(drop).boxed());
    }
    let listener = async_nats::connect(url).await.map_err(io::Error::other)?;
    let received = listener.subscribe(subject.to_owned()).await.map_err(io::Error::other)?;
    listener.flush().await.map_err(io::Error::other)?;
    // The connection is the client's.
    Ok(received.map(move |_| _ = &listener).boxed())
}

const RELAYED: &str = "relayed";

/// A process that passes on to a socket what it receives, and nothing else.
struct Relay {
    child: Child,
    stream: TcpStream,
}

impl Relay {
    fn start(engine: &Engine) -> io::Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .args(["cluster-relay", engine.name, &engine.url])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        Ok(Self { child, stream: TcpStream::connect(line.trim())? })
    }

    fn read(&mut self) -> io::Result<()> {
        self.stream.read(&mut [0; 1024]).map(drop)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes on until it is killed.
pub fn relay(name: &str, url: &str) -> io::Result<()> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (name, url) = (name.to_owned(), url.to_owned());
    let relaying = runtime.spawn(async move {
        let mut received = listen(&name, &url, RELAYED).await?;
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("{}", listener.local_addr()?);
        let (mut stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        while received.next().await.is_some() {
            stream.write_all(&[b'x'; 150]).await?;
        }
        Ok(())
    });
    runtime.block_on(relaying).map_err(io::Error::other)?
}
