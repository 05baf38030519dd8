//! The bytes that both ends of the benchmark exchange.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
};

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

/// A frame at the start of `bytes`: opcode, where its payload lies, and where it ends.
pub struct Parsed {
    pub opcode: u8,
    pub payload: std::ops::Range<usize>,
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
    (bytes.len() >= start + length)
        .then(|| Parsed { opcode: first & 0x0f, payload: start..start + length })
}

/// Opens a WebSocket and waits for the answer.
pub fn handshake(address: SocketAddr, path: &str) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
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
