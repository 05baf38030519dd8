//! Bodies of requests that are larger than allowed.

use phx_runtime::options::ServerOptions;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{head, start, status};
use crate::support::{clock::time_until, http_client::get};

/// What a server and the kernel may have taken of a body that is refused: what is read after the
/// answer, and what fits into the buffers of both sockets, of which Linux grows one to 32 MiB.
const TAKEN: usize = 1 << 20;
const BUFFERS: usize = 64 << 20;

async fn post(at: std::net::SocketAddr, framing: &str) -> (TcpStream, String) {
    let token = get(at, "/socket/longpoll?vsn=2.0.0").await.token();
    let head = format!(
        "POST /socket/longpoll HTTP/1.1\r\nHost: a\r\nX-Phoenix-LongPoll-Token: {token}\r\n\
         {framing}\r\n\r\n"
    );
    (TcpStream::connect(at).await.unwrap(), head)
}

async fn is_refused(stream: &mut TcpStream, request: &str) {
    let answer = head(stream, request).await;
    assert_eq!(status(&answer), 413);
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    let mut body = [0; r#"{"status":413}"#.len()];
    stream.read_exact(&mut body).await.unwrap();
    assert_eq!(&body, br#"{"status":413}"#);
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_refused_before_it_is_sent() {
    let at = start(ServerOptions::new()).await;
    for framing in [
        "Content-Length: 1001",
        "Content-Length: 99999999999",
        "Content-Length: 1001\r\nExpect: 100-continue",
    ] {
        let (mut stream, request) = post(at, framing).await;
        is_refused(&mut stream, &request).await;
    }
}

#[tokio::test]
async fn a_body_that_becomes_too_large_is_refused_before_it_ends() {
    let at = start(ServerOptions::new()).await;
    let (mut stream, request) = post(at, "Transfer-Encoding: chunked").await;
    let chunk = format!("3e9\r\n{}\r\n", "x".repeat(1001));
    is_refused(&mut stream, &(request + &chunk)).await;
}

#[tokio::test]
async fn a_client_that_sends_before_it_reads_sees_the_answer() {
    let at = start(ServerOptions::new()).await;
    let body = "x".repeat(500_000);
    let (mut stream, request) = post(at, &format!("Content-Length: {}", body.len())).await;
    is_refused(&mut stream, &format!("{request}{body}")).await;
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    let (mut stream, request) = post(at, "Transfer-Encoding: chunked").await;
    let chunk = format!("3e8\r\n{}\r\n", "x".repeat(1000));
    is_refused(&mut stream, &format!("{request}{}0\r\n\r\n", chunk.repeat(500))).await;
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn an_endless_body_is_not_read_on() {
    let at = start(ServerOptions::new()).await;
    for framing in ["Transfer-Encoding: chunked", "Content-Length: 99999999999"] {
        let (mut stream, request) = post(at, framing).await;
        is_refused(&mut stream, &format!("{request}3e9\r\n{}\r\n", "x".repeat(1001))).await;
        let part = format!("10000\r\n{}\r\n", "x".repeat(0x1_0000));
        let endless = async {
            let mut sent = 0;
            while stream.write_all(part.as_bytes()).await.is_ok() {
                sent += part.len();
                assert!(sent < TAKEN + BUFFERS, "the server reads on");
            }
        };
        time_until(endless).await;
    }
}
