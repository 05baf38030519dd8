//! How long a connection is kept for its next request. The clock stands still while anybody has
//! something to do, so that no test waits.

use std::time::Duration;

use phx_runtime::options::ServerOptions;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, pause, resume, sleep},
};

use super::{head, start, status};

const SECOND: Duration = Duration::from_secs(1);

const HEALTH: &str = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";

/// A whole request to `/health` is answered.
async fn is_answered(stream: &mut TcpStream) {
    is_answered_to(stream, HEALTH).await;
}

async fn is_answered_to(stream: &mut TcpStream, request: &str) {
    // While bytes are on their way nobody has anything to do, and the clock would jump to the end of
    // the time that they come in.
    resume();
    assert_eq!(status(&head(stream, request).await), 200);
    let mut body = [0; 2];
    stream.read_exact(&mut body).await.unwrap();
    assert_eq!(&body, b"ok");
    pause();
}

/// How long the server goes on holding the connection.
async fn held(stream: &mut TcpStream) -> Duration {
    let start = Instant::now();
    let _ = stream.read_to_end(&mut Vec::new()).await;
    start.elapsed()
}

/// The server holds a connection for `time`, counted from a moment between `before` and now: the
/// clock moved while the last request was answered.
async fn is_held_for(time: Duration, stream: &mut TcpStream, before: Instant) {
    let from_now = held(stream).await;
    assert!(before.elapsed() >= time, "held for less than {time:?}: {:?}", before.elapsed());
    assert!(from_now < time + SECOND, "held for more than {time:?}: {from_now:?}");
}

#[tokio::test(start_paused = true)]
async fn a_balancer_may_use_its_connection_again_after_a_minute() {
    let at = start(ServerOptions::new()).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    for _ in 0..3 {
        is_answered(&mut stream).await;
        sleep(70 * SECOND).await;
    }
    // With a body as well, wherever that is cut.
    for (start, rest) in [("", "abc"), ("a", "bc"), ("abc", "")] {
        let head = "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n";
        stream.write_all(format!("{head}{start}").as_bytes()).await.unwrap();
        sleep(SECOND).await;
        is_answered_to(&mut stream, rest).await;
        sleep(70 * SECOND).await;
    }
    let before = Instant::now();
    is_answered(&mut stream).await;
    is_held_for(75 * SECOND, &mut stream, before).await;
}

#[tokio::test(start_paused = true)]
async fn the_time_between_requests_is_an_option() {
    let at = start(ServerOptions::new().idle_timeout(2 * SECOND)).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    let before = Instant::now();
    is_answered(&mut stream).await;
    is_held_for(2 * SECOND, &mut stream, before).await;
    // It is not the time for a first request.
    let mut stream = TcpStream::connect(at).await.unwrap();
    sleep(5 * SECOND).await;
    is_answered(&mut stream).await;
}

#[tokio::test(start_paused = true)]
async fn a_head_has_ten_seconds_from_its_first_byte() {
    let at = start(ServerOptions::new()).await;
    // A new connection's counts from the start.
    let before = Instant::now();
    let mut stream = TcpStream::connect(at).await.unwrap();
    is_held_for(10 * SECOND, &mut stream, before).await;
    let before = Instant::now();
    let mut stream = TcpStream::connect(at).await.unwrap();
    sleep(6 * SECOND).await;
    stream.write_all(b"GET").await.unwrap();
    is_held_for(4 * SECOND, &mut stream, before + 6 * SECOND).await;
    // A later one's from when it begins, however it goes on.
    let mut stream = TcpStream::connect(at).await.unwrap();
    is_answered(&mut stream).await;
    sleep(60 * SECOND).await;
    let start = Instant::now();
    stream.write_all(b"GET /health HTTP/1.1\r\nX: ").await.unwrap();
    let (mut read, mut write) = stream.split();
    let typing = async {
        while write.write_all(b"x").await.is_ok() {
            sleep(SECOND).await;
        }
    };
    let mut rest = Vec::new();
    tokio::select! {
        () = typing => {}
        _ = read.read_to_end(&mut rest) => {}
    }
    assert!((10 * SECOND..12 * SECOND).contains(&start.elapsed()), "{:?}", start.elapsed());
    // One that begins behind another request has no more.
    let mut stream = TcpStream::connect(at).await.unwrap();
    is_answered_to(&mut stream, &format!("{HEALTH}GET")).await;
    let behind = held(&mut stream).await;
    assert!(behind < 11 * SECOND, "{behind:?}");
}

#[tokio::test(start_paused = true)]
async fn requests_behind_each_other_are_all_answered() {
    let at = start(ServerOptions::new()).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(HEALTH.repeat(100).as_bytes()).await.unwrap();
    for _ in 0..100 {
        is_answered_to(&mut stream, "").await;
    }
    sleep(60 * SECOND).await;
    is_answered(&mut stream).await;
}
