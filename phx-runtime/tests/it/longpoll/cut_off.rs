//! Requests that end before their answer has been written.
//!
//! The server in front is this test itself: it drops what a server drops when a client has gone.

use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use phx_runtime::Endpoint;
use serde_json::{Value, json};

use crate::{longpoll::sockets::endpoint, support::http_client::request};

type Called = BoxFuture<'static, Response<BoxedBody>>;
type BoxedBody = http_body_util::combinators::BoxBody<Bytes, warp::Error>;

struct Server {
    call: Box<dyn Fn(Request<Full<Bytes>>) -> Called>,
    token: String,
}

impl Server {
    async fn start(endpoint: &Endpoint) -> Self {
        let service = TowerToHyperService::new(warp::service(endpoint.routes()));
        let call = Box::new(move |request| {
            let called = service.call(request);
            async move { called.await.unwrap().map(BodyExt::boxed) }.boxed()
        });
        let server = Self { call, token: String::new() };
        let opened = read(server.poll().await).await;
        let token = opened["token"].as_str().unwrap().to_owned();
        Self { token, ..server }
    }

    fn poll(&self) -> Called {
        self.request(&Method::GET, "")
    }

    async fn post(&self, body: &str) {
        assert_eq!(read(self.request(&Method::POST, body).await).await["status"], 200);
    }

    fn request(&self, method: &Method, body: &str) -> Called {
        let token = [("x-phoenix-longpoll-token", self.token.as_str())];
        (self.call)(request(method, "/echo/longpoll", &token, body))
    }
}

async fn read(response: Response<BoxedBody>) -> Value {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn a_client_that_goes_away_while_it_waits_gets_everything_later() {
    let (endpoint, _ends) = endpoint();
    let server = Server::start(&endpoint).await;
    let mut waiting = server.poll();
    assert!((&mut waiting).now_or_never().is_none());
    drop(waiting);
    server.post("a").await;
    assert_eq!(read(server.poll().await).await["messages"], json!(["a"]));
}

#[tokio::test]
async fn an_answer_that_could_not_be_written_is_part_of_the_next_one() {
    let (endpoint, _ends) = endpoint();
    let server = Server::start(&endpoint).await;
    server.post("a").await;
    let unwritten = server.poll().await;
    assert_eq!(unwritten.status(), 200);
    drop(unwritten);
    server.post("b").await;
    assert_eq!(read(server.poll().await).await["messages"], json!(["a", "b"]));
}

#[tokio::test]
async fn an_answer_that_was_written_is_not_repeated() {
    let (endpoint, _ends) = endpoint();
    let server = Server::start(&endpoint).await;
    server.post("a").await;
    assert_eq!(read(server.poll().await).await["messages"], json!(["a"]));
    server.post("b").await;
    assert_eq!(read(server.poll().await).await["messages"], json!(["b"]));
}

#[tokio::test]
async fn the_newer_of_two_polls_gets_the_messages_and_the_older_ends() {
    let (endpoint, _ends) = endpoint();
    let server = Server::start(&endpoint).await;
    let mut older = server.poll();
    assert!((&mut older).now_or_never().is_none());
    let mut newer = server.poll();
    assert!((&mut newer).now_or_never().is_none());
    assert_eq!(read(older.await).await["status"], 204);
    server.post("a").await;
    assert_eq!(read(newer.await).await["messages"], json!(["a"]));
}
