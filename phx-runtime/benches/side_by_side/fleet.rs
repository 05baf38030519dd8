//! Many clients in one thread.

use std::{
    io::{self, Read, Write},
    os::fd::AsFd,
    time::{Duration, Instant},
};

use rustix::{
    buffer::spare_capacity,
    event::{
        Timespec,
        epoll::{self, CreateFlags, EventData, EventFlags},
    },
    fd::OwnedFd,
};

#[cfg(feature = "tls")]
use super::encrypted;
use super::{
    process::Server,
    wire::{Line, Parsed, client_frame, connect, handshake, parse, parse_answer},
};

/// How long anything may take before a measurement is given up.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Fleet {
    poll: OwnedFd,
    clients: Vec<Client>,
    parse: fn(&[u8]) -> Option<Parsed>,
    buffer: Vec<u8>,
    /// How long it sleeps while nothing comes. Not at all is what makes figures repeatable:
    /// otherwise the server pays for waking it.
    nap: Timespec,
}

struct Client {
    stream: Box<dyn Line>,
    partial: Vec<u8>,
    /// Whether the client reads what it gets.
    reads: bool,
}

/// A frame or an answer that one client got.
pub struct Got<'a> {
    pub client: usize,
    pub opcode: u8,
    pub payload: &'a [u8],
}

impl Fleet {
    /// Opens connections without joining anything.
    pub fn connect(server: &Server, count: usize) -> io::Result<Self> {
        let path = server.url.path("websocket");
        Self::new(parse, count, || {
            let stream = connect(server.address)?;
            #[cfg(feature = "tls")]
            if let Some(trusted) = &server.trusted {
                let stream = encrypted::connect(trusted, stream)?;
                return Ok(Box::new(handshake(stream, &server.url.host, &path)?));
            }
            Ok(Box::new(handshake(stream, &server.url.host, &path)?))
        })
    }

    /// Opens connections for HTTP requests, whose answers come where frames come otherwise.
    pub fn for_requests(server: &Server, count: usize) -> io::Result<Self> {
        Self::new(parse_answer, count, || Ok(Box::new(connect(server.address)?)))
    }

    fn new(
        parse: fn(&[u8]) -> Option<Parsed>,
        count: usize,
        mut open: impl FnMut() -> io::Result<Box<dyn Line>>,
    ) -> io::Result<Self> {
        let poll = epoll::create(CreateFlags::CLOEXEC)?;
        let mut clients = Vec::with_capacity(count);
        for _ in 0..count {
            clients.push(Client { stream: open()?, partial: Vec::new(), reads: true });
        }
        for (index, client) in clients.iter().enumerate() {
            let socket = client.stream.socket();
            socket.set_nonblocking(true)?;
            let data = EventData::new_u64(index as u64);
            epoll::add(&poll, socket.as_fd(), data, EventFlags::IN | EventFlags::ET)?;
        }
        Ok(Self { poll, clients, parse, buffer: vec![0; 256 * 1024], nap: Timespec::default() })
    }

    /// Leaves its core to others while nothing comes.
    pub fn may_sleep(&mut self) {
        self.nap.tv_sec = 1;
    }

    pub fn len(&self) -> usize {
        self.clients.len()
    }

    /// The client reads nothing from now on.
    pub fn stop_reading(&mut self, client: usize) {
        self.clients[client].reads = false;
    }

    pub fn start_reading(&mut self, client: usize) {
        self.clients[client].reads = true;
    }

    pub fn send(&mut self, client: usize, text: &str) -> io::Result<()> {
        self.send_bytes(client, &client_frame(text))
    }

    /// Sends frames or requests.
    pub fn send_bytes(&mut self, client: usize, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.clients[client].stream.write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::hint::spin_loop(),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Joins a topic and waits for the answer of each, many at a time.
    pub fn join(&mut self, topics: impl Fn(usize) -> String) -> io::Result<()> {
        let all: Vec<_> = (0..self.len()).collect();
        for group in all.chunks(500) {
            for client in group {
                let topic = topics(*client);
                self.send(*client, &format!("[\"{topic}\",\"1\",\"{topic}\",\"phx_join\",{{}}]"))?;
            }
            let mut answers = 0;
            let mut refused = None;
            self.run(|_, got| {
                if contains(got.payload, b"phx_reply") {
                    answers += 1;
                    if !contains(got.payload, b"\"ok\"") {
                        refused = Some(String::from_utf8_lossy(got.payload).into_owned());
                    }
                }
                answers < group.len() && refused.is_none()
            })?;
            if let Some(answer) = refused {
                return Err(io::Error::other(format!("a join is refused: {answer}")));
            }
        }
        Ok(())
    }

    /// Reads what comes for some time, which nobody wants to know.
    pub fn pass(&mut self, time: Duration) -> io::Result<()> {
        let until = Instant::now() + time;
        let mut events = Vec::with_capacity(1024);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let nap = Timespec::try_from(left).unwrap_or_default();
            events.clear();
            epoll::wait(&self.poll, spare_capacity(&mut events), Some(&nap))?;
            for event in &events {
                self.read(usize::try_from(event.data.u64()).unwrap_or_default(), &mut |_, _| true);
            }
            if left.is_zero() {
                return Ok(());
            }
        }
    }

    /// Reads, and hands every frame to `each` until that returns `false`.
    pub fn run(&mut self, mut each: impl FnMut(&mut Self, Got<'_>) -> bool) -> io::Result<()> {
        let mut events = Vec::with_capacity(1024);
        let mut deadline = Instant::now() + PATIENCE;
        loop {
            events.clear();
            epoll::wait(&self.poll, spare_capacity(&mut events), Some(&self.nap))?;
            if events.is_empty() {
                if Instant::now() > deadline {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "nothing comes any more"));
                }
                continue;
            }
            deadline = Instant::now() + PATIENCE;
            for event in &events {
                let index = usize::try_from(event.data.u64()).unwrap_or_default();
                if self.clients[index].reads && !self.read(index, &mut each) {
                    return Ok(());
                }
            }
        }
    }

    /// Reads all that is there for one client.
    pub fn read(
        &mut self,
        index: usize,
        each: &mut impl FnMut(&mut Self, Got<'_>) -> bool,
    ) -> bool {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut go_on = true;
        loop {
            let client = &mut self.clients[index];
            // Whoever waits for more from a connection that broke will say so.
            let Ok(read @ 1..) = client.stream.read(&mut buffer) else { break };
            let mut joined = Vec::new();
            let mut bytes = &buffer[..read];
            if !client.partial.is_empty() {
                joined = std::mem::take(&mut client.partial);
                joined.extend_from_slice(bytes);
                bytes = &joined;
            }
            while let Some(frame) = (self.parse)(bytes) {
                let payload = &bytes[frame.payload.clone()];
                go_on &= each(self, Got { client: index, opcode: frame.opcode, payload });
                bytes = &bytes[frame.end..];
            }
            if !bytes.is_empty() {
                self.clients[index].partial = bytes.to_vec();
            }
            drop(joined);
        }
        self.buffer = buffer;
        go_on
    }
}

pub fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// How often the part is there.
pub fn count(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).filter(|window| *window == part).count()
}
