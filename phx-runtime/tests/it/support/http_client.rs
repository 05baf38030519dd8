//! A small HTTP client, and a long-polling client on top of it.

use std::net::SocketAddr;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use phx_runtime::json;
use serde_json::Value;
use tokio::{net::TcpStream, task::JoinHandle};

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) http: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The status that counts.
    pub(crate) fn status(&self) -> u64 {
        self.json()["status"].as_u64().unwrap()
    }

    pub(crate) fn messages(&self) -> Vec<String> {
        let messages = self.json()["messages"].clone();
        serde_json::from_value(messages).unwrap()
    }

    pub(crate) fn token(&self) -> String {
        self.json()["token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Sends one request over a connection of its own.
pub(crate) async fn send<B>(address: SocketAddr, request: Request<B>) -> Answer
where
    B: hyper::body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    connection.abort();
    Answer { http: head.status, headers: head.headers, body }
}

pub(crate) fn request(
    method: &Method,
    uri: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(uri).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::from(body.to_owned())).unwrap()
}

/// A client with a session.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
    pub(crate) token: String,
}

impl Client {
    /// Opens a session at a path, which may have a query.
    pub(crate) async fn open(address: SocketAddr, path: &str) -> Self {
        let answer = get(address, path).await;
        assert_eq!(answer.status(), 410, "{answer:?}");
        let path = path.split('?').next().unwrap().to_owned();
        Self { address, path, token: answer.token() }
    }

    /// Opens a session at `/socket` and joins a topic.
    pub(crate) async fn joined(address: SocketAddr, topic: &str) -> Self {
        let client = Self::open(address, "/socket/longpoll?vsn=2.0.0").await;
        let join = json!(["1", "1", topic, "phx_join", {}]);
        assert_eq!(client.post(&join.to_string()).await, 200);
        assert!(client.receive(1).await[0].contains(r#""status":"ok""#));
        client
    }

    pub(crate) async fn poll(&self) -> Answer {
        self.request(&Method::GET, &[], "").await
    }

    /// Starts a poll and returns when the session has it.
    pub(crate) async fn open_poll(&self) -> JoinHandle<Answer> {
        let start = || {
            let client = self.clone();
            tokio::spawn(async move { client.poll().await })
        };
        // Whichever comes first ends as soon as the session has the other one.
        match select(start(), start()).await {
            Either::Left((ended, open)) | Either::Right((ended, open)) => {
                assert_eq!(ended.unwrap().status(), 204);
                open
            }
        }
    }

    /// Polls until so many messages have come.
    pub(crate) async fn receive(&self, count: usize) -> Vec<String> {
        let mut messages = Vec::new();
        while messages.len() < count {
            let answer = self.poll().await;
            assert!(matches!(answer.status(), 200 | 204), "{answer:?}");
            messages.extend(answer.messages());
        }
        messages
    }

    pub(crate) async fn post(&self, body: &str) -> u64 {
        self.request(&Method::POST, &[], body).await.status()
    }

    pub(crate) async fn post_as(&self, content_type: &str, body: &str) -> u64 {
        self.request(&Method::POST, &[("content-type", content_type)], body).await.status()
    }

    pub(crate) async fn request(
        &self,
        method: &Method,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut headers = headers.to_vec();
        headers.push(("x-phoenix-longpoll-token", &self.token));
        send(self.address, request(method, &self.path, &headers, body)).await
    }
}

pub(crate) async fn get(address: SocketAddr, path: &str) -> Answer {
    send(address, request(&Method::GET, path, &[], "")).await
}
