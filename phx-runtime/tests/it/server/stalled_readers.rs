//! Clients that ask and do not read.

use std::time::Duration;

use phx_runtime::options::ServerOptions;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep},
};

use super::{LARGE, head, start, status};

const SECOND: Duration = Duration::from_secs(1);

const ASK: &str = "GET /large HTTP/1.1\r\nHost: a\r\n\r\n";

/// All that still comes.
async fn rest(stream: &mut TcpStream) -> usize {
    let mut rest = Vec::new();
    // The server resets what it gives up.
    let _ = stream.read_to_end(&mut rest).await;
    rest.len()
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_of_an_answer_is_let_go() {
    let at = start(ServerOptions::new()).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    assert_eq!(status(&head(&mut stream, ASK).await), 200);
    sleep(29 * SECOND).await;
    sleep(2 * SECOND).await;
    assert!(rest(&mut stream).await < LARGE);
}

#[tokio::test(start_paused = true)]
async fn who_takes_a_little_now_and_then_gets_it_all() {
    let at = start(ServerOptions::new().write_timeout(3 * SECOND)).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    assert_eq!(status(&head(&mut stream, ASK).await), 200);
    let start = Instant::now();
    let mut part = vec![0; 4_000_000];
    for _ in 0..LARGE / part.len() {
        sleep(2 * SECOND).await;
        stream.read_exact(&mut part).await.unwrap();
    }
    assert!(start.elapsed() > 19 * SECOND);
    // And is a client like any other.
    stream.write_all(ASK.as_bytes()).await.unwrap();
    assert_eq!(status(&head(&mut stream, "").await), 200);
}
