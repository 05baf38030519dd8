//! Another implementation of the protocol as the client, over memory instead of a connection.

use std::io::{self, Read, Write};

use proptest::prelude::*;
use tungstenite::Message;
use tungstenite::protocol::frame::coding::{Data, OpCode as ClientOpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame as ClientFrame};
use tungstenite::protocol::{Role, WebSocket};

use super::*;
use crate::wire::{CloseCode, close_frame, close_frame_saying, encoder::encode, put_frame};

/// Both directions of a connection, as seen by the client.
#[derive(Default)]
struct Wire {
    to_client: io::Cursor<Vec<u8>>,
    to_server: Vec<u8>,
}

impl Read for Wire {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.to_client.read(buf)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            read => Ok(read),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.to_server.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn client() -> WebSocket<Wire> {
    WebSocket::from_raw_socket(Wire::default(), Role::Client, None)
}

/// What the server decodes from everything the client has written.
fn received(client: &WebSocket<Wire>, read_size: usize) -> Vec<Incoming> {
    let mut decoder = Decoder::new(usize::MAX);
    let mut incoming = Vec::new();
    for bytes in client.get_ref().to_server.chunks(read_size) {
        decoder.feed(bytes);
        incoming.extend(std::iter::from_fn(|| decoder.decode().unwrap()));
    }
    assert_eq!(decoder.buffered_bytes(), 0);
    incoming
}

fn deliver(client: &mut WebSocket<Wire>, bytes: &[u8]) {
    client.get_mut().to_client.get_mut().extend_from_slice(bytes);
}

fn some_payload() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "\\PC{0,40}",
        1 => "[a-zé]{100,150}",
        1 => (65_500_usize..65_570).prop_map(|len| "x".repeat(len)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_server_reads_what_a_client_writes(
        sent in prop::collection::vec((0..4, some_payload()), 0..6),
        read_size in prop_oneof![1_usize..300, Just(65_536)],
    ) {
        let mut client = client();
        let mut expected = Vec::new();
        for (kind, payload) in sent {
            let bytes = Bytes::from(payload.clone());
            let short = bytes.slice(..bytes.len().min(125));
            let (message, incoming) = match kind {
                0 => (Message::text(&payload), Incoming::Message(Frame::text(payload))),
                1 => (Message::Binary(bytes.clone()), Incoming::Message(Frame::Binary(bytes))),
                2 => (Message::Ping(short.clone()), Incoming::Ping(short)),
                _ => (Message::Pong(short.clone()), Incoming::Pong(short)),
            };
            client.send(message).unwrap();
            expected.push(incoming);
        }
        prop_assert_eq!(received(&client, read_size), expected);
    }

    #[test]
    fn a_client_reads_what_the_server_writes(
        sent in prop::collection::vec((0..4, some_payload()), 0..6),
    ) {
        let mut client = client();
        let mut expected = Vec::new();
        let mut written = Vec::new();
        for (kind, payload) in sent {
            let bytes = Bytes::from(payload.clone());
            let short = bytes.slice(..bytes.len().min(125));
            let (opcode, bytes, message) = match kind {
                0 => (OpCode::Text, bytes, Message::text(payload)),
                1 => (OpCode::Binary, bytes.clone(), Message::Binary(bytes)),
                2 => (OpCode::Ping, short.clone(), Message::Ping(short)),
                _ => (OpCode::Pong, short.clone(), Message::Pong(short)),
            };
            put_frame(&mut written, opcode, &bytes);
            expected.push(message);
        }
        deliver(&mut client, &written);
        for message in expected {
            prop_assert_eq!(client.read().unwrap(), message);
        }
        let end = client.read();
        prop_assert!(matches!(end, Err(tungstenite::Error::Io(_))), "{:?}", end);
    }
}

#[test]
fn fragments_of_a_client_are_put_together() {
    let mut client = client();
    for (payload, data, last) in
        [("one ", Data::Text, false), ("", Data::Continue, false), ("two", Data::Continue, true)]
    {
        let frame = ClientFrame::message(payload, ClientOpCode::Data(data), last);
        client.send(Message::Frame(frame)).unwrap();
    }
    assert_eq!(received(&client, 3), [Incoming::Message(Frame::text("one two"))]);
}

#[test]
fn a_close_of_the_client_is_answered() {
    let mut client = client();
    let frame = CloseFrame { code: 4001.into(), reason: "done".into() };
    client.close(Some(frame)).unwrap();
    let incoming = received(&client, 1);
    let [Incoming::Close(close)] = incoming.as_slice() else { panic!("{incoming:?}") };
    assert_eq!(close.as_ref().unwrap().reason, "done");

    deliver(&mut client, &close_frame_saying(close.as_ref().map(|close| close.code), ""));
    let answer = client.read().unwrap();
    assert!(matches!(answer, Message::Close(Some(frame)) if u16::from(frame.code) == 4001));
}

#[test]
fn a_client_answers_a_close_of_the_server() {
    for code in [CloseCode::NORMAL, CloseCode::TOO_BIG, CloseCode::RESTART] {
        let mut client = client();
        deliver(&mut client, &encode(OpCode::Text, b"last"));
        deliver(&mut client, &close_frame(code));
        assert_eq!(client.read().unwrap(), Message::text("last"));
        assert!(client.read().unwrap().is_close());
        client.flush().unwrap_or_default();
        let answer = received(&client, 1);
        let [Incoming::Close(Some(close))] = answer.as_slice() else { panic!("{answer:?}") };
        assert_eq!(close.code, code);
    }
}
