//! How many connections are taken.

use std::time::Duration;

use phx_runtime::{Endpoint, options::ServerOptions, server::BuildError};
use tokio::net::TcpStream;

use super::{head, start, status};
use crate::support::{
    logs::Logs,
    raw_client::{RawClient, SOCKET},
};

const HEALTH: &str = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test]
async fn many_clients_that_come_at_once_wait_in_the_queue() {
    let endpoint = Endpoint::builder().build().unwrap();
    // It listens and does not run yet.
    let server = endpoint.bind(([127, 0, 0, 1], 0)).await.unwrap();
    // With a shorter queue this would never end.
    let mut clients = Vec::new();
    for _ in 0..400 {
        clients.push(TcpStream::connect(server.address()).await.unwrap());
    }
}

#[tokio::test]
async fn one_connection_too_many_is_told_so() {
    let logs = Logs::from("warn");
    let at = start(ServerOptions::new().max_http_connections(2)).await;
    // Sockets do not count.
    let mut sockets = Vec::new();
    for _ in 0..5 {
        sockets.push(RawClient::connect(at, SOCKET, "").await);
    }
    let mut kept = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(at).await.unwrap();
        // The place of a socket is free a moment after its answer.
        while !head(&mut stream, HEALTH).await.starts_with("HTTP/1.1 200 ") {
            stream = TcpStream::connect(at).await.unwrap();
        }
        kept.push(stream);
    }
    for _ in 0..100 {
        let mut stream = TcpStream::connect(at).await.unwrap();
        let answer = head(&mut stream, "").await;
        assert_eq!(status(&answer), 503);
        assert!(answer.contains("\r\nRetry-After: "), "{answer}");
    }
    assert_eq!(logs.take().matches("max_http_connections").count(), 1);
    kept.pop();
    // Until the server has seen that somebody left a place.
    let mut stream = TcpStream::connect(at).await.unwrap();
    while !head(&mut stream, HEALTH).await.starts_with("HTTP/1.1 200 ") {
        stream = TcpStream::connect(at).await.unwrap();
    }
}

#[test]
fn a_server_that_could_serve_nobody_is_not_built() {
    for (options, name) in [
        (ServerOptions::new().backlog(0), "backlog"),
        (ServerOptions::new().max_http_connections(0), "max_http_connections"),
        (ServerOptions::new().write_timeout(Duration::ZERO), "write_timeout"),
    ] {
        let built = Endpoint::builder().server(options).build();
        assert!(matches!(built, Err(BuildError::Zero { option }) if option == name));
    }
}

#[tokio::test]
async fn deadlines_may_be_as_far_away_as_can_be_said() {
    let endless = ServerOptions::new().idle_timeout(Duration::MAX).write_timeout(Duration::MAX);
    let at = start(endless).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    for _ in 0..2 {
        assert_eq!(status(&head(&mut stream, HEALTH).await), 200);
        tokio::io::AsyncReadExt::read_exact(&mut stream, &mut [0; 2]).await.unwrap();
    }
}
