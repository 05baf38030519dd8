//! Streams that are cut, by the network or by a client that goes away.

use std::time::Duration;

use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    bad_input::server::TestServer,
    support::{
        handshake::handshake,
        raw_client::{BINARY, CLOSE, PING, SOCKET, TEXT, frame},
    },
};

/// A whole exchange, from its handshake to its close frame.
fn exchange() -> Vec<u8> {
    let mut bytes = handshake(SOCKET, "Host: localhost\r\n").into_bytes();
    bytes.extend(frame(TEXT, br#"["1","1","room:a","phx_join",{}]"#));
    // A message in two frames, with a ping between them and the cut in the middle of a character.
    let grass = r#"["1","2","room:a","echo","grün"]"#.as_bytes();
    let (begin, end) = grass.split_at(grass.len() - 4);
    bytes.extend(frame(TEXT & 0x7f, begin));
    bytes.extend(frame(PING, b"alive?"));
    bytes.extend(frame(0x80, end));
    bytes.extend(frame(BINARY, b"\0\x01\x01\x06\x0413room:aechobytes"));
    bytes.extend(frame(TEXT, br#"["1","4","room:a","phx_leave",{}]"#));
    bytes.extend(frame(CLOSE, &1000_u16.to_be_bytes()));
    bytes
}

/// Everything that the server says after its handshake.
async fn answers(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    let head = all.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    assert!(all.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&all));
    all.split_off(head + 4)
}

#[tokio::test]
async fn an_exchange_that_is_cut_anywhere_has_the_same_answers() {
    let server = TestServer::start().await;
    let mut bystander = server.bystander().await;
    let exchange = exchange();
    let connect = async || {
        let stream = TcpStream::connect(server.at).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    };
    let mut stream = connect().await;
    stream.write_all(&exchange).await.unwrap();
    let whole = answers(&mut stream).await;
    let seen = String::from_utf8_lossy(&whole);
    for part in ["grün", "alive?", "bytes", "phx_close"] {
        assert!(seen.contains(part), "{seen}");
    }
    for cut in 1..exchange.len() {
        let mut stream = connect().await;
        let (first, second) = exchange.split_at(cut);
        stream.write_all(first).await.unwrap();
        // Whoever is asked now answers after the first part was read.
        bystander.is_answered().await;
        stream.write_all(second).await.unwrap();
        assert!(answers(&mut stream).await == whole, "cut at {cut}");
    }
    let mut stream = connect().await;
    for byte in exchange.chunks(1) {
        stream.write_all(byte).await.unwrap();
        bystander.is_answered().await;
    }
    assert!(answers(&mut stream).await == whole, "byte by byte");
    drop(stream);
    server.forgets_all_but(bystander).await;
}

#[tokio::test]
async fn a_client_that_goes_away_anywhere_leaves_nothing_behind() {
    let server = TestServer::start().await;
    let mut bystander = server.bystander().await;
    let exchange = exchange();
    for end in 0..exchange.len() {
        for is_reset in [false, true] {
            let mut stream = TcpStream::connect(server.at).await.unwrap();
            stream.write_all(&exchange[..end]).await.unwrap();
            if end % 2 == 0 {
                bystander.is_answered().await;
            }
            if is_reset {
                SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
            }
            drop(stream);
        }
    }
    server.forgets_all_but(bystander).await;
}

#[tokio::test]
async fn a_client_that_sends_no_more_is_let_go() {
    let server = TestServer::start().await;
    let bystander = server.bystander().await;
    let mut client = server.joined("room:a").await;
    client.stream.shutdown().await.unwrap();
    assert_eq!(client.frame().await, None);
    server.forgets_all_but(bystander).await;
}
