//! Hostile clients of WebSocket under axum.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use phx_runtime::testing::scenario::{Line, PATH};
use phx_transports::axum_websocket;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::CloseCode};

use crate::clients::{
    JOIN, WebSocketClient, connected, endpoint, endpoint_with, heartbeat, is_answered, joined,
    serve_axum, status,
};

const HANDSHAKE: &str = "Host: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

async fn asked(at: SocketAddr, query: &str, headers: &str) -> u16 {
    let mut stream = BufReader::new(TcpStream::connect(at).await.unwrap());
    let request = format!("GET {PATH}/websocket{query} HTTP/1.1\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    status(&mut stream).await
}

#[tokio::test]
async fn a_page_of_another_origin_a_wrong_handshake_and_an_unknown_version_are_refused() {
    let endpoint = endpoint();
    let at = serve_axum(axum_websocket::routes(endpoint.clone(), PATH)).await;
    for origin in ["http://evil.example", "null", "https://localhost", ""] {
        let headers = format!("{HANDSHAKE}Origin: {origin}\r\n");
        assert_eq!(asked(at, "?vsn=2.0.0", &headers).await, 403, "{origin}");
    }
    assert_eq!(asked(at, "?vsn=2.0.0", "Host: localhost\r\n").await, 400);
    let older = HANDSHAKE.replace("13", "8");
    assert_eq!(asked(at, "?vsn=2.0.0", &older).await, 400);
    assert_eq!(asked(at, "?vsn=9.0.0", HANDSHAKE).await, 403);
    assert_eq!(endpoint.connections(), 0);
    let own = format!("{HANDSHAKE}Origin: http://localhost\r\n");
    assert_eq!(asked(at, "?vsn=2.0.0", &own).await, 101);
}

#[tokio::test]
async fn garbage_huge_frames_and_half_ones_end_their_client_alone() {
    let endpoint = endpoint();
    let at = serve_axum(axum_websocket::routes(endpoint.clone(), PATH)).await;
    let mut bystander = joined(WebSocketClient::connect(at).await).await;
    let huge = [&[0x82, 0xff][..], &(1_u64 << 40).to_be_bytes(), &[0; 4]].concat();
    for (bytes, code) in [
        (&b"garbage that is no frame"[..], Some(CloseCode::Protocol)),
        (&huge, Some(CloseCode::Size)),
        // A text that is none.
        (&[0x81, 0x81, 0, 0, 0, 0, 0xff], Some(CloseCode::Invalid)),
        // Half a frame, and then gone.
        (&[0x81, 0xfe, 0x10], None),
    ] {
        let mut client = joined(WebSocketClient::connect(at).await).await;
        client.0.get_mut().write_all(bytes).await.unwrap();
        if let Some(code) = code {
            match client.0.next().await {
                Some(Ok(Message::Close(Some(close)))) => assert_eq!(close.code, code),
                other => panic!("{other:?} after {bytes:?}"),
            }
        }
        drop(client);
        is_answered(&mut bystander).await;
    }
    connected(&endpoint, 1).await;
    assert_eq!(endpoint.subscribers("scene:1"), 1);
}

#[tokio::test]
async fn a_client_that_asks_and_never_reads_is_cut_off() {
    let endpoint = endpoint_with(Duration::from_millis(200));
    let at = serve_axum(axum_websocket::routes(endpoint.clone(), PATH)).await;
    let mut bystander = WebSocketClient::connect(at).await;
    let mut client = joined(WebSocketClient::connect(at).await).await;
    let long = "x".repeat(100_000);
    let question = Message::text(format!(r#"["1","2","scene:1","echo","{long}"]"#));
    let asking = async {
        // It fails once the server has closed, at the latest when what the system keeps is full.
        while client.0.send(question.clone()).await.is_ok() {}
    };
    let gone = async {
        while endpoint.subscribers("scene:1") == 1 {
            is_answered(&mut bystander).await;
        }
    };
    tokio::join!(asking, gone);
    drop(client);
    connected(&endpoint, 1).await;
}

#[tokio::test]
async fn ten_thousand_messages_in_one_write_are_answered_in_order_and_others_meanwhile() {
    const COUNT: usize = 10_000;
    let endpoint = endpoint();
    let at = serve_axum(axum_websocket::routes(endpoint.clone(), PATH)).await;
    let mut bystander = WebSocketClient::connect(at).await;
    let flooding = WebSocketClient::connect(at).await;
    let flood: Vec<u8> = (0..COUNT)
        .flat_map(|number| {
            let text = heartbeat(number);
            let head = [0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
            [&head[..], text.as_bytes()].concat()
        })
        .collect();
    let (mut answers, mut questions) = flooding.0.into_inner().into_split();
    let writing =
        tokio::spawn(async move { questions.write_all(&flood).await.map(|()| questions) });
    let mut heard = Vec::new();
    let mut is_bystander_answered = false;
    while heard.len() < COUNT {
        let length = answers.read_u16().await.unwrap() & 0x7f;
        let mut text = vec![0; usize::from(length)];
        answers.read_exact(&mut text).await.unwrap();
        heard.push(String::from_utf8(text).unwrap());
        if !is_bystander_answered {
            is_answered(&mut bystander).await;
            is_bystander_answered = true;
        }
    }
    for (number, heard) in heard.iter().enumerate() {
        assert!(heard.starts_with(&format!(r#"[null,"{number}","#)), "{heard}");
    }
    drop(writing.await.unwrap().unwrap());
    drop(answers);
    connected(&endpoint, 1).await;
}

#[tokio::test]
async fn clients_that_go_before_or_while_they_are_upgraded_leave_nothing_behind() {
    let endpoint = endpoint();
    let at = serve_axum(axum_websocket::routes(endpoint.clone(), PATH)).await;
    let mut bystander = joined(WebSocketClient::connect(at).await).await;
    for _ in 0..100 {
        let mut stream = TcpStream::connect(at).await.unwrap();
        let request = format!("GET {PATH}/websocket?vsn=2.0.0 HTTP/1.1\r\n{HANDSHAKE}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
    }
    is_answered(&mut bystander).await;
    // Those that came last may not have been seen yet.
    let mut last = WebSocketClient::connect(at).await;
    last.send(JOIN.to_owned()).await;
    drop(last);
    connected(&endpoint, 1).await;
    is_answered(&mut bystander).await;
}
