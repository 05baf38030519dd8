//! The yardstick: one thread, epoll, and the same bytes sent in a loop. What it costs, the kernel
//! costs; nothing of a framework is in it.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    os::fd::AsRawFd,
};

use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, CreateFlags, EventData, EventFlags},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire::{parse, server_frame};

/// The answer to [`super::wire::handshake`]'s fixed key (RFC 6455, section 1.3).
const SWITCH: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

#[derive(Deserialize)]
struct Message<'a>(
    #[serde(borrow)] &'a RawValue,
    #[serde(borrow)] &'a RawValue,
    &'a str,
    &'a str,
    #[serde(borrow)] &'a RawValue,
);

struct Client {
    stream: TcpStream,
    open: bool,
    partial: Vec<u8>,
}

/// Serves until it is killed. Broadcasts leave once `gather` of them have come, in one write.
pub fn serve(gather: usize) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    println!("{}", listener.local_addr()?);
    let poll = epoll::create(CreateFlags::CLOEXEC)?;
    let watch = |source: &dyn AsRawFdAndFd| -> io::Result<()> {
        let number = u64::try_from(source.as_raw_fd()).unwrap_or_default();
        Ok(epoll::add(&poll, source.as_fd(), EventData::new_u64(number), EventFlags::IN)?)
    };
    watch(&listener)?;
    let listening = u64::try_from(listener.as_raw_fd()).unwrap_or_default();
    let mut clients: HashMap<u64, Client> = HashMap::new();
    let mut subscribers: Vec<u64> = Vec::new();
    let (mut held, mut holding) = (Vec::new(), 0);
    let mut events = Vec::with_capacity(1024);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        events.clear();
        epoll::wait(&poll, spare_capacity(&mut events), None)?;
        for event in &events {
            let number = event.data.u64();
            if number == listening {
                while let Ok((stream, _)) = listener.accept() {
                    stream.set_nonblocking(true)?;
                    stream.set_nodelay(true)?;
                    watch(&stream)?;
                    let number = u64::try_from(stream.as_raw_fd()).unwrap_or_default();
                    clients.insert(number, Client { stream, open: false, partial: Vec::new() });
                }
                continue;
            }
            let Some(client) = clients.get_mut(&number) else { continue };
            let read = match client.stream.read(&mut buffer) {
                Ok(read) if read > 0 => read,
                _ => {
                    clients.remove(&number);
                    subscribers.retain(|subscriber| *subscriber != number);
                    continue;
                }
            };
            let mut joined;
            let mut bytes = &buffer[..read];
            if !client.partial.is_empty() {
                joined = std::mem::take(&mut client.partial);
                joined.extend_from_slice(bytes);
                bytes = &joined;
            }
            if !client.open {
                let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
                let Some(end) = end else {
                    client.partial = bytes.to_vec();
                    continue;
                };
                send(&mut client.stream, SWITCH)?;
                client.open = true;
                bytes = &bytes[end + 4..];
            }
            while let Some(frame) = parse(bytes) {
                let payload = &bytes[frame.payload.clone()];
                bytes = &bytes[frame.end..];
                let Ok(Message(join_ref, reference, topic, event, payload)) =
                    serde_json::from_slice::<Message<'_>>(payload)
                else {
                    continue;
                };
                if event == "cast" {
                    held.extend_from_slice(&server_frame(&format!(
                        "[null,null,\"{topic}\",\"cast\",{payload}]"
                    )));
                    holding += 1;
                    if holding >= gather {
                        holding = 0;
                        for subscriber in &subscribers {
                            if let Some(client) = clients.get_mut(subscriber) {
                                send(&mut client.stream, &held)?;
                            }
                        }
                        held.clear();
                    }
                    continue;
                }
                if event == "phx_join" {
                    subscribers.push(number);
                }
                let response = if event == "phx_join" { "{}" } else { payload.get() };
                let reply = server_frame(&format!(
                    "[{join_ref},{reference},\"{topic}\",\"phx_reply\",\
                     {{\"status\":\"ok\",\"response\":{response}}}]"
                ));
                if let Some(client) = clients.get_mut(&number) {
                    send(&mut client.stream, &reply)?;
                }
            }
            if let Some(client) = clients.get_mut(&number)
                && client.partial.is_empty()
            {
                client.partial.extend_from_slice(bytes);
            }
        }
    }
}

/// One that has gone is noticed when it is read.
fn send(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    match stream.write_all(bytes) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
            ) =>
        {
            Ok(())
        }
        written => written,
    }
}

/// What epoll takes, by number and by descriptor.
trait AsRawFdAndFd: AsRawFd + std::os::fd::AsFd {}

impl<T: AsRawFd + std::os::fd::AsFd> AsRawFdAndFd for T {}
