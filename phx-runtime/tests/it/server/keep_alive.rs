//! How long a connection is kept for its next request.

use std::time::Duration;

use phx_runtime::options::ServerOptions;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use super::{head, start_locally, status};
use crate::support::clock::{pass, time_until};

const SECOND: Duration = Duration::from_secs(1);

const HEALTH: &str = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";

/// A whole request to `/health` is answered.
async fn is_answered(stream: &mut UnixStream) {
    is_answered_to(stream, HEALTH).await;
}

async fn is_answered_to(stream: &mut UnixStream, request: &str) {
    assert_eq!(status(&head(stream, request).await), 200);
    let mut body = [0; 2];
    stream.read_exact(&mut body).await.unwrap();
    assert_eq!(&body, b"ok");
}

/// The server holds a connection for so many seconds from now, and then no longer.
async fn is_held_for(seconds: u32, stream: &mut UnixStream) {
    let (time, _) = time_until(stream.read_to_end(&mut Vec::new())).await;
    let seconds = seconds * SECOND;
    assert!((seconds..seconds + 2 * SECOND).contains(&time), "{time:?}, not {seconds:?}");
}

#[tokio::test]
async fn a_balancer_may_use_its_connection_again_after_a_minute() {
    let at = start_locally(ServerOptions::new()).await;
    let mut stream = UnixStream::connect(at).await.unwrap();
    for _ in 0..3 {
        is_answered(&mut stream).await;
        pass(70 * SECOND).await;
    }
    // With a body as well, wherever that is cut.
    for (start, rest) in [("", "abc"), ("a", "bc"), ("abc", "")] {
        let head = "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n";
        stream.write_all(format!("{head}{start}").as_bytes()).await.unwrap();
        pass(SECOND).await;
        is_answered_to(&mut stream, rest).await;
        pass(70 * SECOND).await;
    }
    is_answered(&mut stream).await;
    is_held_for(75, &mut stream).await;
}

#[tokio::test]
async fn the_time_between_requests_is_an_option() {
    let at = start_locally(ServerOptions::new().idle_timeout(2 * SECOND)).await;
    let mut stream = UnixStream::connect(&at).await.unwrap();
    is_answered(&mut stream).await;
    is_held_for(2, &mut stream).await;
    // It is not the time for a first request.
    let mut stream = UnixStream::connect(&at).await.unwrap();
    pass(5 * SECOND).await;
    is_answered(&mut stream).await;
}

#[tokio::test]
async fn a_head_has_ten_seconds_from_its_first_byte() {
    let at = start_locally(ServerOptions::new()).await;
    // A new connection's counts from the start.
    let mut stream = UnixStream::connect(&at).await.unwrap();
    is_held_for(10, &mut stream).await;
    let mut stream = UnixStream::connect(&at).await.unwrap();
    pass(6 * SECOND).await;
    stream.write_all(b"GET").await.unwrap();
    is_held_for(4, &mut stream).await;
    // A later one's from when it begins, however it goes on.
    let mut stream = UnixStream::connect(&at).await.unwrap();
    is_answered(&mut stream).await;
    pass(60 * SECOND).await;
    stream.write_all(b"GET /health HTTP/1.1\r\nX: ").await.unwrap();
    for _ in 0..9 {
        pass(SECOND).await;
        stream.write_all(b"x").await.unwrap();
    }
    is_held_for(1, &mut stream).await;
    // One that begins behind another request has no more.
    let mut stream = UnixStream::connect(&at).await.unwrap();
    is_answered_to(&mut stream, &format!("{HEALTH}GET")).await;
    is_held_for(10, &mut stream).await;
}

#[tokio::test]
async fn requests_behind_each_other_are_all_answered() {
    let at = start_locally(ServerOptions::new()).await;
    let mut stream = UnixStream::connect(at).await.unwrap();
    stream.write_all(HEALTH.repeat(100).as_bytes()).await.unwrap();
    for _ in 0..100 {
        is_answered_to(&mut stream, "").await;
    }
    pass(60 * SECOND).await;
    is_answered(&mut stream).await;
}

#[tokio::test]
async fn the_next_request_may_come_in_pieces_and_behind_empty_lines() {
    let at = start_locally(ServerOptions::new()).await;
    let mut stream = UnixStream::connect(at).await.unwrap();
    is_answered(&mut stream).await;
    for piece in ["\r\n", "\r\n\r\nG", "ET /hea"] {
        stream.write_all(piece.as_bytes()).await.unwrap();
        pass(SECOND).await;
    }
    is_answered_to(&mut stream, "lth HTTP/1.1\r\nHost: a\r\n\r\n").await;
    // Such lines are no sign of life.
    pass(SECOND).await;
    stream.write_all(b"\r\n").await.unwrap();
    is_held_for(74, &mut stream).await;
}
