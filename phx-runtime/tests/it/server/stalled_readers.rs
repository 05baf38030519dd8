//! Clients that ask and do not read.

use std::{net::SocketAddr, time::Duration};

use phx_runtime::options::ServerOptions;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{LARGE, head, start, status};
use crate::support::{clock::pass, raw_client::connect_narrowly};

const SECOND: Duration = Duration::from_secs(1);

const ASK: &str = "GET /large HTTP/1.1\r\nHost: a\r\n\r\n";

/// A client that has read the head of an answer.
async fn asking(at: SocketAddr) -> TcpStream {
    let mut stream = connect_narrowly(at).await;
    assert_eq!(status(&head(&mut stream, ASK).await), 200);
    stream
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_is_let_go() {
    let at = start(ServerOptions::new()).await;
    let mut stream = asking(at).await;
    pass(31 * SECOND).await;
    let mut rest = Vec::new();
    // The server resets what it gives up.
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.len() < LARGE);
}

#[tokio::test]
async fn who_takes_a_little_now_and_then_gets_it_all() {
    let at = start(ServerOptions::new().write_timeout(3 * SECOND)).await;
    let mut stream = asking(at).await;
    // More than the buffers between the two hold, so that each part lets the server write.
    let mut part = vec![0; 8_000_000];
    for _ in 0..LARGE / part.len() {
        pass(2 * SECOND).await;
        stream.read_exact(&mut part).await.unwrap();
    }
    // And is a client like any other.
    stream.write_all(ASK.as_bytes()).await.unwrap();
    assert_eq!(status(&head(&mut stream, "").await), 200);
}
