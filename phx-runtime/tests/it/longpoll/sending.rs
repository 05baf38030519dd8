//! What a POST may hold.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, StatusCode};
use http_body_util::StreamBody;
use hyper::body::Frame;

use crate::{
    longpoll::sockets::start,
    support::{
        clock::time_until,
        http_client::{Client, request, send},
    },
};

#[tokio::test]
async fn messages_come_with_the_poll_that_waits_or_else_with_the_next_one() {
    let fixture = start().await;
    let client = Client::open(fixture.address, "/echo/longpoll").await;
    let poll = client.open_poll().await;
    assert_eq!(client.post("während").await, 200);
    assert_eq!(poll.await.unwrap().messages(), ["während"]);
    assert_eq!(client.post("a\nb").await, 200);
    assert_eq!(client.post("").await, 200);
    assert_eq!(client.receive(2).await, ["a\nb", ""]);
}

#[tokio::test]
async fn a_poll_without_messages_says_so_after_the_window() {
    let fixture = start().await;
    let client = Client::open(fixture.address, "/short/longpoll").await;
    let (_, answer) = time_until(client.poll()).await;
    assert_eq!((answer.status(), answer.messages()), (204, vec![]));
    assert_eq!(answer.token(), client.token);
}

#[tokio::test]
async fn a_batch_holds_a_message_in_each_line() {
    let fixture = start().await;
    let client = Client::open(fixture.address, "/echo/longpoll").await;
    let messages: Vec<_> = (0..150).map(|number| format!("[{number}]")).collect();
    let lines = messages.join("\r\n") + "\r\n";
    assert_eq!(client.post_as("application/x-ndjson; charset=utf-8", &lines).await, 200);
    assert_eq!(client.receive(150).await, messages);
}

#[tokio::test]
async fn what_is_no_message_harms_neither_its_batch_nor_the_session() {
    let fixture = start().await;
    let client = Client::open(fixture.address, "/echo/longpoll").await;
    assert_eq!(client.post_as("application/x-ndjson", "[1]\n!!!\n[2]").await, 400);
    let bytes = Request::post(&client.path)
        .header("host", "localhost")
        .header("x-phoenix-longpoll-token", &client.token)
        .body(http_body_util::Full::from(&b"\xff"[..]))
        .unwrap();
    assert_eq!(send(fixture.address, bytes).await.status(), 400);
    assert_eq!(client.receive(2).await, ["[1]", "[2]"]);
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_and_the_session_lives_on() {
    let fixture = start().await;
    let client = Client::open(fixture.address, "/small/longpoll").await;
    let large = "x".repeat(1001);
    let answer = client.request(&Method::POST, &[], &large).await;
    assert_eq!(answer.http, StatusCode::PAYLOAD_TOO_LARGE);
    let parts = (0..11).map(|_| {
        let part = Bytes::from("x".repeat(100));
        Ok::<_, Infallible>(Frame::data(part))
    });
    let chunked = Request::post(&client.path)
        .header("host", "localhost")
        .header("x-phoenix-longpoll-token", &client.token)
        .body(StreamBody::new(stream::iter(parts.collect::<Vec<_>>())))
        .unwrap();
    let answer = send(fixture.address, chunked).await;
    assert_eq!((answer.http, answer.status()), (StatusCode::PAYLOAD_TOO_LARGE, 413));
    assert_eq!(client.post(&large[..1000]).await, 200);
    assert_eq!(client.receive(1).await, [&large[..1000]]);
}

#[tokio::test]
async fn bodies_of_eight_million_bytes_are_taken() {
    let fixture = start().await;
    let client = Client::open(fixture.address, "/socket/longpoll?vsn=2.0.0").await;
    let join = |size| {
        let filler = "y".repeat(size);
        format!(r#"["1","1","room:a","phx_join",{{"filler":"{filler}"}}]"#)
    };
    let frame = join(0).len();
    assert_eq!(client.post(&join(8_000_000 - frame)).await, 200);
    assert_eq!(client.receive(1).await.len(), 1);
    let large = client.request(&Method::POST, &[], &join(8_000_001 - frame)).await;
    assert_eq!(large.http, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(client.post(&join(0)).await, 200);
}

#[tokio::test]
async fn a_socket_that_does_not_take_a_message_times_the_post_out() {
    let fixture = start().await;
    let client = Client::open(fixture.address, "/short/longpoll").await;
    assert_eq!(time_until(client.post("forever")).await.1, 408);
}

#[tokio::test]
async fn strangers_are_told_before_they_send_their_body() {
    let fixture = start().await;
    let endless = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
    let stranger =
        Request::post("/echo/longpoll").header("host", "localhost").body(endless).unwrap();
    assert_eq!(send(fixture.address, stranger).await.status(), 410);
    let nobody = request(&Method::POST, "/echo/longpoll?token=x", &[], "a");
    assert_eq!(send(fixture.address, nobody).await.status(), 410);
}
