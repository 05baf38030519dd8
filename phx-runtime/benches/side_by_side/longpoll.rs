//! Clients that poll, and what a delivery to them costs.

use std::{io, time::Duration};

use super::{
    fleet::{Fleet, contains},
    measure::{Measured, PAD, bytes_per, memory},
    process::{Cost, Server},
    wire::number,
};

/// How many join at once. What requests take that are under way together stays with the server's allocator,
/// and is no session's.
const AT_ONCE: usize = 100;

/// What long-polling costs.
pub struct LongPoll {
    /// Of a message to one poller: the answer to its poll, and its next poll.
    pub delivery: Cost,
    /// Bytes of a session that is joined to one topic, with its waiting poll and the HTTP
    /// connection which that came on.
    pub session: Option<f64>,
}

/// Where a poller is.
enum Stage {
    Opening,
    Joining,
    Answered,
    Polling,
}

/// Sessions that are joined to one topic, each with a poll that waits.
struct Pollers {
    fleet: Fleet,
    host: String,
    path: String,
    tokens: Vec<String>,
}

impl Pollers {
    fn join(server: &Server, count: usize) -> io::Result<Self> {
        let path = server.url.path("longpoll");
        let fleet = Fleet::for_requests(server, count)?;
        let mut pollers =
            Self { fleet, host: server.url.host.clone(), path, tokens: vec![String::new(); count] };
        let all: Vec<_> = (0..count).collect();
        for group in all.chunks(AT_ONCE) {
            pollers.join_some(group)?;
        }
        Ok(pollers)
    }

    fn join_some(&mut self, group: &[usize]) -> io::Result<()> {
        const JOIN: &str = "[\"1\",\"1\",\"bench:x\",\"phx_join\",{}]";
        let mut stages: Vec<_> = self.tokens.iter().map(|_| Stage::Opening).collect();
        for client in group {
            self.fleet.send_bytes(*client, &get(&self.host, &self.path, ""))?;
        }
        let Self { fleet, host, path, tokens } = self;
        let mut waiting = group.len();
        let mut broken = None;
        fleet.run(|fleet, got| {
            let (stage, token) = (&mut stages[got.client], &mut tokens[got.client]);
            let status = number(got.payload, b"\"status\":");
            let (next, request) = match (&stage, status) {
                (Stage::Opening, Some(410)) => {
                    *token = text(got.payload, "\"token\":").unwrap_or_default();
                    (Stage::Joining, post(host, path, token, JOIN))
                }
                (Stage::Joining, Some(200)) => (Stage::Answered, get(host, path, token)),
                (Stage::Answered, Some(200)) if contains(got.payload, b"phx_reply") => {
                    waiting -= 1;
                    (Stage::Polling, get(host, path, token))
                }
                _ => {
                    broken = Some(format!("no long-polling session: {}", shown(got.payload)));
                    return false;
                }
            };
            *stage = next;
            broken = fleet.send_bytes(got.client, &request).err().map(|error| error.to_string());
            waiting > 0 && broken.is_none()
        })?;
        broken.map_or(Ok(()), |broken| Err(io::Error::other(broken)))
    }

    /// Reads until each has got the message `n`, and polls again.
    fn receive(&mut self, n: usize) -> io::Result<()> {
        let Self { fleet, host, path, tokens } = self;
        let mut waiting = tokens.len();
        let mut broken = None;
        fleet.run(|fleet, got| {
            match number(got.payload, b"\"status\":") {
                // A message is a string in the answer.
                Some(200) if number(got.payload, b"\\\"n\\\":") == Some(n) => waiting -= 1,
                // The window passed.
                Some(204) => {}
                _ => {
                    let answer = shown(got.payload);
                    broken = Some(format!("poller {} wanted {n} and got {answer}", got.client));
                    return false;
                }
            }
            let request = get(host, path, &tokens[got.client]);
            broken = fleet.send_bytes(got.client, &request).err().map(|error| error.to_string());
            waiting > 0 && broken.is_none()
        })?;
        broken.map_or(Ok(()), |broken| Err(io::Error::other(broken)))
    }
}

/// Broadcasts to so many pollers, one message at a time: the next is sent when every poller has
/// polled again. Every delivery is checked off.
pub fn long_poll(server: &Server, pollers: usize, time: Duration) -> io::Result<LongPoll> {
    let mut publisher = Fleet::connect(server, 1)?;
    publisher.join(|_| "bench:x".to_owned())?;
    let before = memory(server).ok();
    let mut all = Pollers::join(server, pollers)?;
    server.settle();
    let session = memory(server).ok().zip(before);
    let session = session.map(|(now, before)| bytes_per(now, before, pollers));
    let mut measured = Measured::new(server, time);
    for n in 0.. {
        publisher.send(
            0,
            &format!("[\"bench:x\",null,\"bench:x\",\"cast\",{{\"n\":{n},\"pad\":\"{PAD}\"}}]"),
        )?;
        all.receive(n)?;
        publisher.run(|_, got| !contains(got.payload, b"\"cast\""))?;
        if let Some(delivery) = measured.done((n + 1) * pollers) {
            return Ok(LongPoll { delivery, session });
        }
    }
    Err(io::Error::other("the load ended early"))
}

fn get(host: &str, path: &str, token: &str) -> Vec<u8> {
    let token = if token.is_empty() { String::new() } else { format!("&token={token}") };
    format!("GET {path}{token} HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes()
}

fn post(host: &str, path: &str, token: &str, message: &str) -> Vec<u8> {
    let length = message.len();
    format!(
        "POST {path}&token={token} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{message}"
    )
    .into_bytes()
}

/// An unexpected answer: its status where HTTP has one to tell, otherwise its body.
fn shown(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.lines().next().unwrap_or_default();
    format!("{status} {body}")
}

/// The string behind `key`, which has no escapes.
fn text(json: &[u8], key: &str) -> Option<String> {
    let json = std::str::from_utf8(json).ok()?;
    let (_, rest) = json.split_once(key)?;
    rest.trim_start().strip_prefix('"')?.split_once('"').map(|(text, _)| text.to_owned())
}
