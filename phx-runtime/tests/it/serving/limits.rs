//! How many connections there may be.

use std::net::SocketAddr;

use phx_runtime::options::ServerOptions;
use tokio::net::TcpStream;

use super::{LONGPOLL, WEBSOCKET, answer, builder, get, start};
use crate::support::{
    handshake::{HANDSHAKE, send},
    raw_client::RawClient,
};

/// The status of an answer, and whether it says when to come again.
async fn asked(at: SocketAddr, path: &str, headers: &str) -> (u16, bool) {
    let answer = send(at, get(&format!("{path}?vsn=2.0.0"), headers)).await;
    (answer.status, answer.header("retry-after").is_some())
}

/// What a client is told over both transports for whom there is no room.
async fn refused(at: SocketAddr, headers: &str) -> [(u16, bool); 2] {
    let handshake = format!("{headers}{HANDSHAKE}");
    [asked(at, WEBSOCKET, &handshake).await, asked(at, LONGPOLL, headers).await]
}

#[tokio::test]
async fn one_client_too_many_is_told_to_come_back_later() {
    let options = ServerOptions::new().max_connections(2);
    let at = start(builder().server(options), "127.0.0.1:0").await;
    let first = RawClient::connect(at, WEBSOCKET, "").await;
    let second = RawClient::connect(at, WEBSOCKET, "").await;
    assert_eq!(refused(at, "").await, [(503, true), (503, true)]);
    drop(second);
    // Its place is free once the server has seen that.
    while asked(at, LONGPOLL, "").await.0 != 200 {
        tokio::task::yield_now().await;
    }
    drop(first);
}

#[tokio::test]
async fn a_client_with_too_many_connections_is_told_that_they_are_its_own() {
    let options = ServerOptions::new().max_connections_per_peer(1);
    let at = start(builder().server(options).trust_proxies(["127.0.0.1"]), "127.0.0.1:0").await;
    let of = |peer: &str| format!("X-Forwarded-For: {peer}\r\n");
    let _first = RawClient::connect(at, WEBSOCKET, &of("203.0.113.9")).await;
    assert_eq!(refused(at, &of("203.0.113.9")).await, [(429, true), (429, true)]);
    let _other = RawClient::connect(at, WEBSOCKET, &of("203.0.113.10")).await;
    // A client of IPv6 has a network.
    let _v6 = RawClient::connect(at, WEBSOCKET, &of("2001:db8::1")).await;
    assert_eq!(refused(at, &of("2001:db8::2")).await[0].0, 429);
}

#[tokio::test]
async fn a_client_that_holds_too_many_connections_gets_no_more_of_them() {
    let options = ServerOptions::new().max_http_connections_per_peer(2);
    let at = start(builder().server(options), "127.0.0.1:0").await;
    let idle = [TcpStream::connect(at).await.unwrap(), TcpStream::connect(at).await.unwrap()];
    let answer = answer(TcpStream::connect(at).await.unwrap(), "").await;
    assert!(
        answer.starts_with("HTTP/1.1 429 ") && answer.contains("\r\nRetry-After: "),
        "{answer}"
    );
    drop(idle);
}
