//! Clients that stop, and what cuts them off. The clock stands still while anybody has something to
//! do, so that no test waits.

use std::time::Duration;

use phx_runtime::options::WebSocketOptions;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep},
};

use crate::{
    bad_input::server::TestServer,
    support::raw_client::{PONG, RawClient},
};

const SECOND: Duration = Duration::from_secs(1);

/// Reads until the server has closed or reset the stream.
async fn ended(stream: &mut TcpStream) {
    let mut buffer = vec![0; 65536];
    while !matches!(stream.read(&mut buffer).await, Ok(0) | Err(_)) {}
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_after_its_handshake_is_closed_after_the_timeout() {
    let server = TestServer::start().await;
    let start = Instant::now();
    let mut client = server.joined("room:a").await;
    assert_eq!(client.closed_with().await, Some(1002));
    assert!((60 * SECOND..61 * SECOND).contains(&start.elapsed()), "{:?}", start.elapsed());
    assert_eq!(server.endpoint.subscribers("room:a"), 0);
    sleep(6 * SECOND).await;
    assert_eq!(server.endpoint.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn any_sign_of_life_keeps_a_connection_open() {
    let server = TestServer::start().await;
    let mut client = server.joined("room:a").await;
    for _ in 0..10 {
        sleep(59 * SECOND).await;
        client.send(PONG, b"").await;
    }
    client.send_text(r#"["1","2","room:a","add",[1]]"#).await;
    assert!(client.frame().await.unwrap().text().ends_with(r#""response":1}]"#));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_answer_a_close_is_cut_off() {
    let server = TestServer::start().await;
    let mut client = server.joined("room:a").await;
    client.send_text("garbage").await;
    assert_eq!(client.frame().await.unwrap().close_code(), 1011);
    // Its channels end at once; the rest waits for the client's part of the handshake, for a while.
    assert_eq!(server.endpoint.subscribers("room:a"), 0);
    assert_eq!(client.frame().await, None);
    sleep(4 * SECOND).await;
    assert_eq!(server.endpoint.connections(), 1);
    sleep(2 * SECOND).await;
    assert_eq!(server.endpoint.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_asks_for_anything_is_cut_off() {
    let server = TestServer::start().await;
    for begin in ["", "PRI * HT", "GET ", "GET /socket/websocket HTTP/1.1\r\nHost: a\r\nX: "] {
        let start = Instant::now();
        let mut stream = TcpStream::connect(server.at).await.unwrap();
        stream.write_all(begin.as_bytes()).await.unwrap();
        ended(&mut stream).await;
        assert!(start.elapsed() < 11 * SECOND, "{begin:?}: {:?}", start.elapsed());
    }
    // One letter a second is no better.
    let start = Instant::now();
    let mut stream = TcpStream::connect(server.at).await.unwrap();
    stream.write_all(b"GET /socket/websocket HTTP/1.1\r\nX: ").await.unwrap();
    let (mut read, mut write) = stream.split();
    let typing = async {
        while write.write_all(b"x").await.is_ok() {
            sleep(SECOND).await;
        }
    };
    let mut answer = Vec::new();
    tokio::select! {
        () = typing => {}
        _ = read.read_to_end(&mut answer) => {}
    }
    assert!(start.elapsed() < 12 * SECOND, "{:?}", start.elapsed());
    assert_eq!(server.endpoint.connections(), 0);
}

#[tokio::test]
async fn a_client_that_asks_and_never_reads_is_cut_off() {
    let server = TestServer::start_with(|mount| {
        mount.websocket(WebSocketOptions::new().max_backlog(64 * 1024))
    })
    .await;
    let mut bystander = server.bystander().await;
    let mut client = server.joined("room:a").await;
    let text = "x".repeat(100_000);
    let question = format!(r#"["1","2","room:a","echo","{text}"]"#);
    let mut asked = 0;
    while server.endpoint.subscribers("room:a") == 1 {
        client.send_text(&question).await;
        bystander.is_answered().await;
        asked += 1;
        assert!(asked < 10_000, "the backlog has no bound");
    }
    assert_eq!(client.closed_with().await, Some(1013));
    drop(client);
    server.forgets_all_but(bystander).await;
}

#[tokio::test]
async fn half_open_clients_of_a_short_timeout_are_all_let_go() {
    let server = TestServer::start().await;
    let bystander = server.bystander().await;
    let mut clients = Vec::new();
    for _ in 0..50 {
        clients.push(RawClient::connect(server.at, "/brief/websocket?vsn=2.0.0", "").await);
    }
    for client in &mut clients {
        assert_eq!(client.closed_with().await, Some(1002));
    }
    drop(clients);
    server.forgets_all_but(bystander).await;
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_body_that_never_comes_is_not_waited_for() {
    let server = TestServer::start().await;
    let opened = crate::support::http_client::get(server.at, "/socket/longpoll?vsn=2.0.0").await;
    let token = opened.token();
    let start = Instant::now();
    let mut stream = TcpStream::connect(server.at).await.unwrap();
    let head = format!(
        "POST /socket/longpoll HTTP/1.1\r\nHost: a\r\nX-Phoenix-LongPoll-Token: {token}\r\n\
         Content-Length: 100\r\n\r\n[\"1\","
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let length = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]);
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains(r#""status":400"#), "{answer}");
    assert!(start.elapsed() < 11 * SECOND, "{:?}", start.elapsed());
    // And without another request the session ends.
    sleep(16 * SECOND).await;
    assert_eq!(server.endpoint.connections(), 0);
}
