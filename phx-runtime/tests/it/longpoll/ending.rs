//! How sessions end.

use http::StatusCode;
use phx_runtime::{Reason, json};

use crate::{
    longpoll::sockets::{endpoint, start},
    support::{
        clock::time_until,
        everybody::EVERYBODY,
        http_client::{Client, get},
    },
};

#[tokio::test]
async fn a_socket_that_stops_has_taken_the_message_and_its_session_is_gone() {
    let mut fixture = start().await;
    let client = Client::open(fixture.address, "/echo/longpoll").await;
    assert_eq!(client.post("stop").await, 200);
    assert_eq!(fixture.ends.recv().await, Some(Reason::Normal));
    assert_eq!(client.post("a").await, 410);
    assert_ne!(client.poll().await.token(), client.token);
}

#[tokio::test]
async fn a_panic_ends_the_session_alone() {
    let mut fixture = start().await;
    let other = Client::open(fixture.address, "/echo/longpoll").await;
    let client = Client::open(fixture.address, "/echo/longpoll").await;
    assert_eq!(client.post("panic").await, 408);
    assert!(matches!(fixture.ends.recv().await, Some(Reason::Failed(_))));
    assert_eq!(client.post("a").await, 410);
    assert_eq!(other.post("a").await, 200);
}

#[tokio::test]
async fn a_session_without_requests_expires() {
    let mut fixture = start().await;
    let client = Client::open(fixture.address, "/short/longpoll").await;
    assert_eq!(fixture.endpoint.connections(), 1);
    assert_eq!(time_until(fixture.ends.recv()).await.1, Some(Reason::Inactive));
    assert_eq!(client.post("a").await, 410);
    let answer = client.poll().await;
    assert_eq!(answer.status(), 410);
    assert_ne!(answer.token(), client.token);
}

#[tokio::test]
async fn disconnecting_answers_the_open_poll_at_once() {
    let fixture = start().await;
    let client = Client::open(fixture.address, "/socket/longpoll?vsn=2.0.0").await;
    let poll = client.open_poll().await;
    fixture.endpoint.disconnect(EVERYBODY);
    let gone = json!({ "status": 410, "token": client.token, "messages": [] });
    assert_eq!(poll.await.unwrap().json(), gone);
    assert_eq!(client.post("[]").await, 410);
}

#[tokio::test]
async fn draining_ends_open_polls_and_sessions_and_takes_no_new_ones() {
    let mut fixture = start().await;
    let client = Client::open(fixture.address, "/echo/longpoll").await;
    let idle = Client::open(fixture.address, "/small/longpoll").await;
    let poll = client.open_poll().await;
    fixture.endpoint.drain().await;
    assert_eq!(poll.await.unwrap().status(), 410);
    for _ in 0..2 {
        assert_eq!(fixture.ends.recv().await, Some(Reason::Draining));
    }
    assert_eq!(fixture.endpoint.connections(), 0);
    assert_eq!(idle.post("a").await, 410);
    assert_eq!(get(fixture.address, "/echo/longpoll").await.http, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_server_that_is_stopped_answers_open_polls_first() {
    let (endpoint, mut ends) = endpoint();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = endpoint.bind(([127, 0, 0, 1], 0)).await.unwrap();
    let address = server.address();
    let server = server.stop_on(async { _ = stopped.await });
    let server = tokio::spawn(server.run(endpoint.routes()));
    let client = Client::open(address, "/echo/longpoll").await;
    let poll = client.open_poll().await;
    stop.send(()).unwrap();
    server.await.unwrap();
    assert_eq!(poll.await.unwrap().status(), 410);
    assert_eq!(ends.recv().await, Some(Reason::Draining));
}
