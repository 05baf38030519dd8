//! Clients that want too much.

use std::{
    io::{Read, Write},
    time::Duration,
};

use phx_runtime::options::WebSocketOptions;
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    sync::oneshot::{self, error::TryRecvError},
};

use crate::{
    bad_input::server::{TestServer, refused},
    support::raw_client::{SOCKET, TEXT, frame},
};

const JOINS: usize = 100_000;

/// Counts the frames of a stream.
#[derive(Default)]
struct Counted {
    frames: usize,
    rest: Vec<u8>,
}

impl Counted {
    fn feed(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(&[first, length]) = self.rest.get(at..at + 2) {
            assert_eq!((first, length < 126), (TEXT, true), "a short text was expected");
            if self.rest.len() < at + 2 + usize::from(length) {
                break;
            }
            at += 2 + usize::from(length);
            self.frames += 1;
        }
        self.rest.drain(..at);
    }
}

// The server has a single thread, beside that of the clients: whoever keeps it keeps it from others.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_flood_of_joins_is_answered_and_others_are_answered_meanwhile() {
    // Nobody is too slow because the machine is.
    let patient = Duration::from_hours(1);
    let server = TestServer::start_with(|mount| {
        let websocket = WebSocketOptions::new().timeout(Some(patient));
        mount.websocket(websocket.backlog_timeout(patient))
    })
    .await;
    let mut bystander = server.bystander().await;
    // Threads of their own: neither waits for the server's, nor for anybody here.
    let mut write = server.connect().await.stream.into_std().unwrap();
    write.set_nonblocking(false).unwrap();
    let mut read = write.try_clone().unwrap();
    let flood: Vec<u8> = (0..JOINS)
        .map(|n| format!(r#"["1","1","room:{n}","phx_join",{{}}]"#))
        .flat_map(|join| frame(TEXT, join.as_bytes()))
        .collect();
    let (begun, first_answers) = oneshot::channel();
    let (done, mut answered) = oneshot::channel();
    let writing = std::thread::spawn(move || write.write_all(&flood).map(|()| write));
    let reading = std::thread::spawn(move || {
        let (mut counted, mut buffer) = (Counted::default(), vec![0; 65536]);
        let mut begun = Some(begun);
        while counted.frames < JOINS {
            let length = read.read(&mut buffer).unwrap();
            assert_ne!(length, 0, "closed after {} answers", counted.frames);
            counted.feed(&buffer[..length]);
            if let Some(begun) = begun.take() {
                begun.send(()).unwrap();
            }
        }
        // Whoever waits for it may have given up.
        let _ = done.send(());
        read
    });
    first_answers.await.unwrap();
    let mut meanwhile = 0;
    while answered.try_recv() == Err(TryRecvError::Empty) {
        bystander.is_answered().await;
        meanwhile += 1;
    }
    assert!(meanwhile > 3, "the bystander was answered {meanwhile} times during the flood");
    // Exactly as many channels as allowed are joined.
    let joined = |n: usize| server.endpoint.subscribers(format!("room:{n}"));
    assert_eq!((0..JOINS).filter(|n| joined(*n) == 1).count(), 100);
    drop((writing.join().unwrap().unwrap(), reading.join().unwrap()));
    server.forgets_all_but(bystander).await;
    assert_eq!((0..200).map(joined).sum::<usize>(), 0);
}

#[tokio::test]
async fn the_hundred_and_first_channel_is_refused_and_the_others_go_on() {
    let server = TestServer::start().await;
    let bystander = server.bystander().await;
    let mut client = server.connect().await;
    for n in 0..100 {
        client.send_text(&format!(r#"["1","1","room:{n}","phx_join",{{}}]"#)).await;
        assert!(client.frame().await.unwrap().text().contains("\"ok\""));
    }
    client.send_text(r#"["1","1","room:a","phx_join",{}]"#).await;
    let reply = client.frame().await.unwrap();
    assert_eq!(reply.text(), refused("\"1\"", "1", "room:a", "too many channels joined"));
    client.send_text(r#"["1","2","room:99","add",[1,2]]"#).await;
    assert!(client.frame().await.unwrap().text().ends_with(r#""response":3}]"#));
    drop(client);
    server.forgets_all_but(bystander).await;
}

#[tokio::test]
async fn a_client_with_many_connections_takes_nothing_from_others() {
    let server = TestServer::start().await;
    let mut bystander = server.bystander().await;
    let (mut clients, mut halves) = (Vec::new(), Vec::new());
    for n in 0..300 {
        clients.push(server.joined("room:a").await);
        // Others that stop in the middle of their handshake.
        let mut half = TcpStream::connect(server.at).await.unwrap();
        half.write_all(format!("GET {SOCKET} HTTP/1.1\r\nHost: a\r\n").as_bytes()).await.unwrap();
        halves.push(half);
        if n % 10 == 0 {
            bystander.is_answered().await;
        }
    }
    assert_eq!(server.endpoint.connections(), 301);
    assert_eq!(server.endpoint.subscribers("room:a"), 300);
    // All of them talk at once.
    for client in &mut clients {
        client.send_text(r#"["1","2","room:a","add",[1]]"#).await;
    }
    bystander.is_answered().await;
    drop((clients, halves));
    server.forgets_all_but(bystander).await;
}
