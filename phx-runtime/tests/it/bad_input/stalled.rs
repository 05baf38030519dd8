//! Clients that stop, and what cuts them off.

use std::time::Duration;

use phx_runtime::options::WebSocketOptions;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    bad_input::server::TestServer,
    support::{
        clock::{pass, time_until},
        raw_client::{PONG, RawClient, TEXT, frame},
    },
};

const SECOND: Duration = Duration::from_secs(1);

/// The server closes or resets the stream after about so many seconds.
async fn ends_after(seconds: u32, stream: &mut TcpStream) {
    let (time, _) = time_until(stream.read_to_end(&mut Vec::new())).await;
    assert!((seconds * SECOND..(seconds + 10) * SECOND).contains(&time), "{time:?}");
}

#[tokio::test]
async fn a_client_that_says_nothing_after_its_handshake_is_closed_after_the_timeout() {
    let server = TestServer::start().await;
    let mut client = server.joined("room:a").await;
    let (time, code) = time_until(client.closed_with()).await;
    assert_eq!(code, Some(1002));
    assert!((60 * SECOND..70 * SECOND).contains(&time), "{time:?}");
    assert_eq!(server.endpoint.subscribers("room:a"), 0);
    pass(6 * SECOND).await;
    assert_eq!(server.endpoint.connections(), 0);
}

#[tokio::test]
async fn any_sign_of_life_keeps_a_connection_open() {
    let server = TestServer::start().await;
    let mut client = server.joined("room:a").await;
    for _ in 0..10 {
        pass(59 * SECOND).await;
        client.send(PONG, b"").await;
    }
    client.send_text(r#"["1","2","room:a","add",[1]]"#).await;
    assert!(client.frame().await.unwrap().text().ends_with(r#""response":1}]"#));
}

#[tokio::test]
async fn a_client_that_does_not_answer_a_close_is_cut_off() {
    let server = TestServer::start().await;
    let mut client = server.joined("room:a").await;
    client.send_text("garbage").await;
    assert_eq!(client.frame().await.unwrap().close_code(), 1011);
    // Its channels end at once; the rest waits for the client's part of the handshake, for a while.
    assert_eq!(server.endpoint.subscribers("room:a"), 0);
    assert_eq!(client.frame().await, None);
    pass(4 * SECOND).await;
    assert_eq!(server.endpoint.connections(), 1);
    pass(2 * SECOND).await;
    assert_eq!(server.endpoint.connections(), 0);
}

#[tokio::test]
async fn a_client_that_never_asks_for_anything_is_cut_off() {
    let server = TestServer::start().await;
    for begin in ["", "PRI * HT", "GET ", "GET /socket/websocket HTTP/1.1\r\nHost: a\r\nX: "] {
        let mut stream = TcpStream::connect(server.at).await.unwrap();
        stream.write_all(begin.as_bytes()).await.unwrap();
        ends_after(10, &mut stream).await;
    }
    // One letter a second is no better.
    let mut stream = TcpStream::connect(server.at).await.unwrap();
    stream.write_all(b"GET /socket/websocket HTTP/1.1\r\nX: ").await.unwrap();
    for _ in 0..9 {
        pass(SECOND).await;
        stream.write_all(b"x").await.unwrap();
    }
    ends_after(1, &mut stream).await;
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
    let question = frame(TEXT, format!(r#"["1","2","room:a","echo","{text}"]"#).as_bytes());
    let mut asked = 0;
    while server.endpoint.subscribers("room:a") == 1 {
        // The server may be gone.
        let _ = time_until(client.stream.write_all(&question)).await;
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
    pass(SECOND).await;
    for client in &mut clients {
        assert_eq!(client.closed_with().await, Some(1002));
    }
    drop(clients);
    server.forgets_all_but(bystander).await;
}

#[tokio::test]
async fn a_long_poll_body_that_never_comes_is_not_waited_for() {
    let server = TestServer::start().await;
    let opened = crate::support::http_client::get(server.at, "/socket/longpoll?vsn=2.0.0").await;
    let token = opened.token();
    let mut stream = TcpStream::connect(server.at).await.unwrap();
    let head = format!(
        "POST /socket/longpoll HTTP/1.1\r\nHost: a\r\nX-Phoenix-LongPoll-Token: {token}\r\n\
         Content-Length: 100\r\n\r\n[\"1\","
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let (time, length) = time_until(stream.read(&mut answer)).await;
    let length = length.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]);
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains(r#""status":400"#), "{answer}");
    assert!((10 * SECOND..20 * SECOND).contains(&time), "{time:?}");
    // And without another request the session ends.
    pass(16 * SECOND).await;
    assert_eq!(server.endpoint.connections(), 0);
}
