//! One measurement each: a load, and what a server paid for it.

use std::{
    io,
    time::{Duration, Instant},
};

use super::{
    fleet::{Fleet, contains},
    process::{Cost, Server, Usage},
    wire::{self, TEXT, client_frame, handshake, number},
};

/// Text of a small message.
pub const PAD: &str = "0123456789012345678901234567890123456789";
const WARM_UP: Duration = Duration::from_millis(500);

/// A load that runs for some time, the first part of which does not count.
pub struct Measured<'a> {
    server: &'a Server,
    started: Instant,
    time: Duration,
    since: Option<(Usage, usize)>,
}

impl<'a> Measured<'a> {
    pub fn new(server: &'a Server, time: Duration) -> Self {
        Self { server, started: Instant::now(), time, since: None }
    }

    /// The cost of a unit, once so many have been done and it was long enough.
    pub fn done(&mut self, units: usize) -> Option<Cost> {
        match self.since {
            None if self.started.elapsed() > WARM_UP => {
                self.since = Some((self.server.usage(), units));
            }
            Some((before, done)) if before.at.elapsed() > self.time => {
                return Some(self.server.usage().per(units - done, before));
            }
            _ => {}
        }
        None
    }
}

/// The cost of a delivery with `window` broadcasts under way: the next is sent when an earlier one
/// has reached everybody. Every delivery is checked off; one that is lost, doubled or out of order
/// is an error.
pub fn fan_out(
    server: &Server,
    subscribers: usize,
    window: usize,
    payload: usize,
    time: Duration,
) -> io::Result<Cost> {
    let mut fleet = Fleet::connect(server, subscribers)?;
    fleet.join(|_| "bench:x".to_owned())?;
    let pad = "x".repeat(payload.saturating_sub(20));
    let message = |n: usize| {
        client_frame(&format!(
            "[\"bench:x\",null,\"bench:x\",\"cast\",{{\"n\":{n},\"pad\":\"{pad}\"}}]"
        ))
    };
    let mut received = vec![0_usize; subscribers];
    let mut missing = vec![subscribers; window];
    let (mut sent, mut deliveries) = (0, 0);
    let first: Vec<u8> = (0..window).flat_map(message).collect();
    sent += window;
    fleet.send_bytes(0, &first)?;
    let mut measured = Measured::new(server, time);
    let mut result = None;
    let mut broken = None;
    // The yardstick that gathers needs whole windows.
    let mut due = Vec::new();
    fleet.run(|fleet, got| {
        // Others may have pings to send, and answers to what wants none.
        if got.opcode != TEXT || !contains(start_of(got.payload), b"\"cast\"") {
            return true;
        }
        let expected = received[got.client];
        if number(got.payload, b"\"n\":") != Some(expected) {
            let text = String::from_utf8_lossy(start_of(got.payload));
            broken = Some(format!("client {} wanted {expected} and got {text}", got.client));
            return false;
        }
        let slot = received[got.client] % window;
        received[got.client] += 1;
        deliveries += 1;
        missing[slot] -= 1;
        if missing[slot] == 0 {
            missing[slot] = subscribers;
            result = measured.done(deliveries);
            if result.is_some() {
                return false;
            }
            due.extend_from_slice(&message(sent));
            sent += 1;
            if sent % window == 0 || window == 1 {
                if let Err(error) = fleet.send_bytes(0, &due) {
                    broken = Some(error.to_string());
                    return false;
                }
                due.clear();
            }
        }
        true
    })?;
    finished(broken, result)
}

/// The cost of a delivery in so many rooms of `members` that all speak: whoever gets its own
/// message sends the next one. Every delivery is checked off, as in [`fan_out`].
pub fn rooms(server: &Server, rooms: usize, members: usize, time: Duration) -> io::Result<Cost> {
    /// Messages that one client may send.
    const MOST: usize = 1_000_000;
    let mut fleet = Fleet::connect(server, rooms * members)?;
    fleet.join(|client| format!("bench:{}", client / members))?;
    // All threads of a server are to run at once, also where there are only two cores.
    fleet.may_sleep();
    let message = |client: usize, k: usize| {
        let (room, n) = (client / members, client * MOST + k);
        client_frame(&format!(
            "[\"bench:{room}\",null,\"bench:{room}\",\"cast\",{{\"n\":{n},\"pad\":\"{PAD}\"}}]"
        ))
    };
    for client in 0..fleet.len() {
        fleet.send_bytes(client, &message(client, 0))?;
    }
    // Of each client from each member of its room.
    let mut received = vec![0; rooms * members * members];
    let mut deliveries = 0;
    let mut measured = Measured::new(server, time);
    let mut result = None;
    let mut broken = None;
    fleet.run(|fleet, got| {
        if got.opcode != TEXT || !contains(start_of(got.payload), b"\"cast\"") {
            return true;
        }
        let n = number(got.payload, b"\"n\":").unwrap_or_default();
        let (sender, k) = (n / MOST, n % MOST);
        let from = &mut received[got.client * members + sender % members];
        if *from != k {
            broken = Some(format!("client {} wanted {from} of {sender} and got {k}", got.client));
            return false;
        }
        *from += 1;
        deliveries += 1;
        if sender == got.client
            && let Err(error) = fleet.send_bytes(sender, &message(sender, k + 1))
        {
            broken = Some(error.to_string());
            return false;
        }
        if deliveries % 1000 == 0 {
            result = measured.done(deliveries);
        }
        result.is_none()
    })?;
    finished(broken, result)
}

/// What a load came to.
fn finished(broken: Option<String>, result: Option<Cost>) -> io::Result<Cost> {
    match (broken, result) {
        (Some(broken), _) => Err(io::Error::other(broken)),
        (None, Some(cost)) => Ok(cost),
        (None, None) => Err(io::Error::other("the load ended early")),
    }
}

/// The first bytes, in which the names are.
fn start_of(payload: &[u8]) -> &[u8] {
    &payload[..payload.len().min(96)]
}

/// The cost of a request with `depth` of them under way on each connection.
pub fn echo(server: &Server, connections: usize, depth: usize, time: Duration) -> io::Result<Cost> {
    let mut fleet = Fleet::connect(server, connections)?;
    fleet.join(|client| format!("bench:{client}"))?;
    // A client answers a batch with a batch, as a pipelining client would.
    let batch = |client: usize, first: usize| -> Vec<u8> {
        let request = |n: usize| {
            client_frame(&format!(
                "[\"bench:{client}\",\"{n}\",\"bench:{client}\",\"echo\",\
                 {{\"n\":{n},\"pad\":\"{PAD}\"}}]"
            ))
        };
        (first..first + depth).flat_map(request).collect()
    };
    for client in 0..connections {
        fleet.send_bytes(client, &batch(client, 0))?;
    }
    let mut answers = vec![0_usize; connections];
    let mut total = 0;
    let mut measured = Measured::new(server, time);
    let mut result = None;
    let mut broken = None;
    fleet.run(|fleet, got| {
        if got.opcode != TEXT {
            return true;
        }
        let n = answers[got.client];
        if number(got.payload, b"\"n\":") != Some(n) {
            let text = String::from_utf8_lossy(got.payload);
            broken = Some(format!("client {} wanted {n} echoed and got {text}", got.client));
            return false;
        }
        answers[got.client] += 1;
        total += 1;
        if (n + 1).is_multiple_of(depth)
            && let Err(error) = fleet.send_bytes(got.client, &batch(got.client, n + 1))
        {
            broken = Some(error.to_string());
            return false;
        }
        if total % 1000 == 0 {
            result = measured.done(total);
        }
        result.is_none()
    })?;
    finished(broken, result)
}

/// The cost of a connection: the handshake, and the join of one topic if `join` is set.
pub fn connect(server: &Server, connections: usize, join: bool) -> io::Result<Cost> {
    let mut warm = Fleet::connect(server, 100)?;
    warm.join(|_| "bench:warm".to_owned())?;
    let before = server.usage();
    if join {
        let mut fleet = Fleet::connect(server, connections)?;
        fleet.join(|_| "bench:x".to_owned())?;
        Ok(server.usage().per(connections, before))
    } else {
        let path = server.url.path("websocket");
        let open = |_| handshake(wire::connect(server.address)?, &server.url.host, &path);
        let _open = (0..connections).map(open).collect::<io::Result<Vec<_>>>()?;
        Ok(server.usage().per(connections, before))
    }
}

/// Bytes of the server's memory per connection joined to one topic, and per further topic.
pub fn idle_memory(server: &Server, connections: usize, topics: usize) -> io::Result<[f64; 2]> {
    let start = memory(server)?;
    let mut fleet = Fleet::connect(server, connections)?;
    fleet.join(|_| "bench:x".to_owned())?;
    let one = memory(server)?;
    for topic in 0..topics {
        fleet.join(|_| format!("bench:{topic}"))?;
    }
    let more = memory(server)?;
    Ok([bytes_per(one, start, connections), bytes_per(more, one, connections * topics)])
}

/// The server's memory; an error where it cannot be seen.
pub fn memory(server: &Server) -> io::Result<u64> {
    server.memory().ok_or_else(|| io::Error::other("memory is not visible from here"))
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
pub fn bytes_per(now: u64, before: u64, units: usize) -> f64 {
    now.saturating_sub(before) as f64 / units.max(1) as f64
}

/// The cost of a join, of a delivery, and of a leave with so many topics of five
/// subscribers each, spread over few connections.
pub fn many_topics(
    server: &Server,
    connections: usize,
    topics: usize,
    operations: usize,
) -> io::Result<[Cost; 3]> {
    const SUBSCRIBERS: usize = 5;
    let mut fleet = Fleet::connect(server, connections)?;
    let spread = |topic: usize, member: usize| (topic * SUBSCRIBERS + member) % connections;
    let all: Vec<_> = (0..topics).flat_map(|t| (0..SUBSCRIBERS).map(move |m| (t, m))).collect();
    let exchange = |fleet: &mut Fleet, work: &[(usize, usize)], event: &str| -> io::Result<()> {
        for group in work.chunks(500) {
            for (topic, member) in group {
                let text = format!("[\"1\",\"1\",\"bench:{topic}\",\"{event}\",{{}}]");
                fleet.send(spread(*topic, *member), &text)?;
            }
            let mut answers = 0;
            fleet.run(|_, got| {
                answers += usize::from(contains(got.payload, b"phx_reply"));
                answers < group.len()
            })?;
        }
        Ok(())
    };
    // The last joins are measured, with all the others there.
    let (most, last) = all.split_at(all.len().saturating_sub(operations));
    exchange(&mut fleet, most, "phx_join")?;
    let before = server.usage();
    exchange(&mut fleet, last, "phx_join")?;
    let join = server.usage().per(last.len(), before);

    let before = server.usage();
    let mut deliveries = 0;
    for group in (0..operations).collect::<Vec<_>>().chunks(100) {
        for number in group {
            let topic = number * 7919 % topics;
            let text = format!("[\"1\",null,\"bench:{topic}\",\"cast\",{{\"n\":1,\"pad\":\"\"}}]");
            fleet.send(spread(topic, 0), &text)?;
        }
        let mut wanted = group.len() * SUBSCRIBERS;
        deliveries += wanted;
        fleet.run(|_, got| {
            wanted -= usize::from(contains(got.payload, b"\"cast\""));
            wanted > 0
        })?;
    }
    let broadcast = server.usage().per(deliveries, before);

    let before = server.usage();
    exchange(&mut fleet, last, "phx_leave")?;
    let leave = server.usage().per(last.len(), before);
    Ok([join, broadcast, leave])
}

/// What happens to the others when some subscribers stop reading.
pub struct Slow {
    /// The others' 99th percentile, in microseconds: while all read, and afterwards.
    pub p99: [f64; 2],
    /// How much the server's memory grew, in bytes.
    pub growth: u64,
    /// The close code that the stopped ones find when they read again.
    pub codes: Vec<u16>,
}

/// `stopped` of the subscribers stop reading while 16 KiB messages go on.
pub fn slow_readers(
    server: &Server,
    subscribers: usize,
    stopped: usize,
    messages: usize,
) -> io::Result<Slow> {
    let mut fleet = Fleet::connect(server, subscribers)?;
    fleet.join(|_| "bench:x".to_owned())?;
    let pad = "x".repeat(16 * 1024);
    let phase = |fleet: &mut Fleet, readers: usize| -> io::Result<f64> {
        let mut latencies = Vec::new();
        for n in 0..messages {
            let text =
                format!("[\"bench:x\",null,\"bench:x\",\"cast\",{{\"n\":{n},\"pad\":\"{pad}\"}}]");
            let sent = Instant::now();
            fleet.send(0, &text)?;
            let mut missing = readers;
            fleet.run(|_, got| {
                if contains(&got.payload[..got.payload.len().min(64)], b"\"cast\"") {
                    missing -= 1;
                    latencies.push(sent.elapsed());
                }
                missing > 0
            })?;
        }
        latencies.sort_unstable();
        Ok(latencies[latencies.len() * 99 / 100].as_secs_f64() * 1e6)
    };
    let before = phase(&mut fleet, subscribers)?;
    let before_growth = memory(server)?;
    for client in subscribers - stopped..subscribers {
        fleet.stop_reading(client);
    }
    let after = phase(&mut fleet, subscribers - stopped)?;
    let growth = memory(server)?.saturating_sub(before_growth);
    let mut codes = Vec::new();
    for client in subscribers - stopped..subscribers {
        fleet.start_reading(client);
        let deadline = Instant::now() + Duration::from_secs(2);
        let mut closed = false;
        // What the kernel holds comes first.
        while !closed && Instant::now() < deadline {
            fleet.read(client, &mut |_, got| {
                if got.opcode == 8 && got.payload.len() >= 2 {
                    codes.push(u16::from_be_bytes([got.payload[0], got.payload[1]]));
                    closed = true;
                }
                true
            });
        }
    }
    Ok(Slow { p99: [before, after], growth, codes })
}
