//! The bytes that both ends of the benchmark exchange.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use socket2::SockRef;

/// A text frame as a client sends it. The mask is zero, which is as legal as any other and costs
/// the server the same.
pub fn client_frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    put_length(&mut frame, text.len(), 0x80);
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text.as_bytes());
    frame
}

/// A text frame as a server sends it.
pub fn server_frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    put_length(&mut frame, text.len(), 0);
    frame.extend_from_slice(text.as_bytes());
    frame
}

#[expect(clippy::cast_possible_truncation, reason = "each arm knows the size")]
fn put_length(frame: &mut Vec<u8>, length: usize, mask: u8) {
    match length {
        0..=125 => frame.push(mask | length as u8),
        126..=0xffff => {
            frame.push(mask | 0x7e);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            frame.push(mask | 0x7f);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

/// A frame or an HTTP answer at the start of some bytes.
pub struct Parsed {
    /// The frame's opcode; that of text for an HTTP answer.
    pub opcode: u8,
    pub payload: std::ops::Range<usize>,
    /// Where the next one starts.
    pub end: usize,
}

/// Finds the first frame of either direction; none while it is incomplete.
pub fn parse(bytes: &[u8]) -> Option<Parsed> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (mut start, length) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        short => (2, usize::from(short)),
    };
    if second & 0x80 != 0 {
        start += 4;
    }
    let end = start + length;
    (bytes.len() >= end).then_some(Parsed { opcode: first & 0x0f, payload: start..end, end })
}

/// Finds the first HTTP answer, its head and chunks as they were sent; none while it is incomplete.
pub fn parse_answer(bytes: &[u8]) -> Option<Parsed> {
    let find = |from: usize, what: &[u8]| {
        let found = bytes.get(from..)?.windows(what.len()).position(|window| window == what)?;
        Some(from + found)
    };
    let start = find(0, b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..start]).to_ascii_lowercase();
    let header =
        |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let end = if let Some(length) = header("content-length") {
        start + length.trim().parse::<usize>().ok()?
    } else if header("transfer-encoding").is_some() {
        let mut chunk = start;
        loop {
            let line = find(chunk, b"\r\n")?;
            let size = std::str::from_utf8(&bytes[chunk..line]).ok()?;
            let size = usize::from_str_radix(size.trim(), 16).ok()?;
            chunk = line + 2 + size + 2;
            if size == 0 {
                break chunk;
            }
        }
    } else {
        start
    };
    (bytes.len() >= end).then_some(Parsed { opcode: TEXT, payload: 0..end, end })
}

/// The opcode of text.
pub const TEXT: u8 = 1;

/// The number behind `key` in JSON that is not looked at otherwise.
pub fn number(json: &[u8], key: &[u8]) -> Option<usize> {
    let found = json.windows(key.len()).position(|window| window == key)?;
    let rest = json[found + key.len()..].trim_ascii_start();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
    std::str::from_utf8(&rest[..digits.count()]).ok()?.parse().ok()
}

/// A connection that leaves nothing behind when it is closed: thousands of ports that wait for a
/// minute would be missed by the next measurement.
pub fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
    Ok(stream)
}

/// A stream to a server, whatever is between it and the socket.
pub trait Line: Read + Write + Send {
    fn socket(&self) -> &TcpStream;
}

impl Line for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

/// Opens a WebSocket and waits for the answer.
pub fn handshake<L: Line>(mut stream: L, host: &str, path: &str) -> io::Result<L> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    while !answer.ends_with(b"\r\n\r\n") {
        match stream.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => answer.extend_from_slice(&buffer[..read]),
        }
    }
    if answer.starts_with(b"HTTP/1.1 101") {
        Ok(stream)
    } else {
        Err(io::Error::other(String::from_utf8_lossy(&answer).into_owned()))
    }
}
