//! Nodes over an engine, beside one node alone and beside the engine's client alone.

use std::{
    env,
    io::{self, BufRead, BufReader},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use bytes::Bytes;
use tokio::runtime::Builder;

use super::{
    compare::median,
    crowd,
    effort::Effort,
    engine::{Compared, Engine, joined, redis},
    fleet::{Fleet, contains},
    latency,
    measure::{self, Measured},
    process::{self, Cost, Kind, Server},
    wire::{TEXT, client_frame, number},
};

pub fn compare(effort: Effort) -> io::Result<Vec<Compared>> {
    let mut all = Vec::new();
    for name in ["redis", "nats"] {
        let engine = Engine::start(name)?;
        for window in [1, 16] {
            all.push(receiving(effort, &engine, window)?);
        }
        for window in [1, 16] {
            all.push(sending(effort, &engine, window)?);
        }
        all.extend(latency::latency(&engine)?);
        all.push(joining(effort, &engine)?);
        all.extend(crowd::crowding(effort, &engine)?);
    }
    Ok(all)
}

/// A broadcast beside a publish of as many bytes, in turn.
fn sending(effort: Effort, engine: &Engine, window: usize) -> io::Result<Compared> {
    let (mut phx, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        phx.push(run_sender("phx", &engine.url, window)?);
        bare.push(run_sender(engine.name, &engine.url, window)?);
    }
    Ok(Compared {
        target: format!(
            "{}: CPU per broadcast sent, {window} at once; a bare publish",
            engine.name
        ),
        phx: median(phx.into_iter()),
        yardstick: median(bare.into_iter()),
        unit: "µs",
        limit: Some(1.5),
    })
}

/// A delivery to one of 1,000 subscribers on another node than the sender's, and on the same.
fn receiving(effort: Effort, engine: &Engine, window: usize) -> io::Result<Compared> {
    let time = effort.time;
    let (mut apart, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        let (sender, receiver) = (engine.node()?, engine.node()?);
        thread::sleep(Duration::from_millis(500));
        apart.push(deliveries(&sender, &receiver, window, time)?);
        drop((sender, receiver));
        let server = Server::start(Kind::PHX)?;
        alone.push(deliveries(&server, &server, window, time)?);
    }
    let cpu = |costs: &[Cost]| median(costs.iter().filter_map(|cost| cost.cpu));
    let name = engine.name;
    Ok(Compared {
        target: format!(
            "{name}: CPU per delivery on the receiving node, 1,000 subscribers, {window} under way; local"
        ),
        phx: cpu(&apart),
        yardstick: cpu(&alone),
        unit: "µs",
        limit: Some(1.15),
    })
}

/// What a delivery costs the receivers' server.
fn deliveries(
    sender: &Server,
    receiver: &Server,
    window: usize,
    time: Duration,
) -> io::Result<Cost> {
    const SUBSCRIBERS: usize = 1000;
    let mut speaker = Fleet::connect(sender, 1)?;
    speaker.join(|_| "bench:x".to_owned())?;
    let mut fleet = Fleet::connect(receiver, SUBSCRIBERS)?;
    fleet.join(|_| "bench:x".to_owned())?;
    let pad = "x".repeat(1000);
    let message = |n: usize| {
        client_frame(&format!(
            "[\"bench:x\",null,\"bench:x\",\"others\",{{\"n\":{n},\"pad\":\"{pad}\"}}]"
        ))
    };
    let mut missing = vec![SUBSCRIBERS; window];
    let mut received = vec![0_usize; SUBSCRIBERS];
    let mut sent = window;
    speaker.send_bytes(0, &(0..window).flat_map(message).collect::<Vec<_>>())?;
    let mut measured = Measured::new(receiver, time);
    let (mut deliveries, mut due) = (0, Vec::new());
    let (mut result, mut broken) = (None, None);
    fleet.run(|_, got| {
        if got.opcode != TEXT || !contains(got.payload, b"\"others\"") {
            return true;
        }
        if number(got.payload, b"\"n\":") != Some(received[got.client]) {
            broken = Some(io::Error::other("a delivery is out of order"));
            return false;
        }
        let slot = received[got.client] % window;
        received[got.client] += 1;
        deliveries += 1;
        missing[slot] -= 1;
        if missing[slot] == 0 {
            missing[slot] = SUBSCRIBERS;
            result = measured.done(deliveries);
            due.extend_from_slice(&message(sent));
            sent += 1;
            if sent.is_multiple_of(window) {
                if let Err(error) = speaker.send_bytes(0, &due) {
                    broken = Some(error);
                    return false;
                }
                due.clear();
            }
        }
        result.is_none()
    })?;
    match broken {
        Some(error) => Err(error),
        None => result.ok_or_else(|| io::Error::other("nothing was measured")),
    }
}

/// Joins with 100,000 topics there, on a node of three and on one alone.
fn joining(effort: Effort, engine: &Engine) -> io::Result<Compared> {
    let topics = if effort.rounds == 1 { 10_000 } else { 100_000 };
    let join = |server: &Server| {
        let [join, ..] = measure::many_topics(server, 500, topics / 5, 2000)?;
        Ok::<_, io::Error>(join.cpu.unwrap_or_default())
    };
    let cluster = [engine.node()?, engine.node()?, engine.node()?];
    let phx = join(&cluster[0])?;
    drop(cluster);
    let yardstick = join(&Server::start(Kind::PHX)?)?;
    let target =
        format!("{}: CPU per join with {topics} joins there, three nodes; one alone", engine.name);
    Ok(Compared { target, phx, yardstick, unit: "µs", limit: Some(1.5) })
}

/// Runs [`send`] in a process of its own.
fn run_sender(who: &str, url: &str, window: usize) -> io::Result<f64> {
    let mut child = Command::new(env::current_exe()?)
        .args(["cluster-send", who, url, &window.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line)?;
    }
    child.wait()?;
    line.trim().parse().map_err(io::Error::other)
}

/// Sends so many messages of 1 KB at a time, and prints what each costs this process.
pub fn send(who: &str, url: &str, window: usize) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let micros = runtime.block_on(async {
        match who {
            "phx" => {
                let endpoint = joined(url).await?;
                let text = "x".repeat(1000);
                paced(window, async || {
                    for _ in 0..window {
                        endpoint.broadcast("bench:x", "cast", &text);
                    }
                    Ok(())
                })
                .await
            }
            "redis" => {
                let (mut connection, body) = (redis(url).await?, vec![b'x'; 1050]);
                paced(window, async || {
                    let mut all = redis::pipe();
                    for _ in 0..window {
                        all.cmd("PUBLISH").arg("bare").arg(&body).ignore();
                    }
                    all.query_async::<()>(&mut connection).await.map_err(io::Error::other)
                })
                .await
            }
            _ => {
                let client = async_nats::connect(url).await.map_err(io::Error::other)?;
                let body = Bytes::from(vec![b'x'; 1050]);
                paced(window, async || {
                    for _ in 0..window {
                        client.publish("bare", body.clone()).await.map_err(io::Error::other)?;
                    }
                    client.flush().await.map_err(io::Error::other)
                })
                .await
            }
        }
    })?;
    println!("{micros}");
    Ok(())
}

/// CPU time per message of this process, in microseconds.
async fn paced(window: usize, mut send: impl AsyncFnMut() -> io::Result<()>) -> io::Result<f64> {
    const ROUNDS: usize = 3000;
    let own = std::process::id();
    let mut before = None;
    for round in 0..ROUNDS {
        if round == ROUNDS / 10 {
            before = Some(process::cpu(own));
        }
        send().await?;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let spent = process::cpu(own) - before.unwrap_or_default();
    let messages = u32::try_from((ROUNDS - ROUNDS / 10) * window).unwrap_or(u32::MAX);
    Ok(spent.as_secs_f64() * 1e6 / f64::from(messages))
}
