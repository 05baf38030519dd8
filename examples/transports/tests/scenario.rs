//! Every transport of this crate carries what channels need, and hostile clients of it end alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{future::pending, net::SocketAddr};

use axum::Router;
use futures_util::{SinkExt, StreamExt};
use phx_runtime::{
    Endpoint,
    options::{CheckOrigin, CustomOptions, Mount, WebSocketOptions},
    testing::scenario::{self, Line, PATH},
};
use phx_transports::{axum_websocket, events, lines};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

fn endpoint() -> Endpoint {
    let custom = CustomOptions::new().check_origin(CheckOrigin::ANY);
    let websocket = WebSocketOptions::new().check_origin(CheckOrigin::ANY);
    scenario::endpoint(Mount::new(PATH).custom(custom).websocket(websocket))
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn serve(routes: Router) -> SocketAddr {
    let (listener, address) = listen().await;
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

struct LineClient(BufReader<TcpStream>);

impl LineClient {
    async fn connect(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).await.unwrap()))
    }
}

impl Line for LineClient {
    async fn send(&mut self, message: String) {
        self.0.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    async fn receive(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).await.unwrap_or(0);
        (read > 0).then(|| line.trim_end().to_owned())
    }
}

async fn serve_lines(endpoint: &Endpoint) -> SocketAddr {
    let (listener, address) = listen().await;
    tokio::spawn(lines::serve(endpoint.clone(), PATH, listener));
    address
}

#[tokio::test]
async fn lines_over_tcp_play_the_scenario_of_channels() {
    let endpoint = endpoint();
    let address = serve_lines(&endpoint).await;
    scenario::play(&endpoint, async || LineClient::connect(address).await).await;
}

#[tokio::test]
async fn hostile_clients_of_lines_end_alone() {
    let endpoint = endpoint();
    let address = serve_lines(&endpoint).await;
    let mut good = LineClient::connect(address).await;
    for hostile in [
        "x".repeat(2 * lines::LONGEST).into_bytes(),
        b"not a message\n".to_vec(),
        b"\xff\xfe\n".to_vec(),
        b"[1,2".to_vec(),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // It may be closed before all is written.
        let _ = stream.write_all(&hostile).await;
        let _ = stream.shutdown().await;
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    }
    good.send(r#"[null,"1","phoenix","heartbeat",{}]"#.to_owned()).await;
    assert!(good.receive().await.unwrap().contains("phx_reply"));
    while endpoint.connections() > 1 {
        tokio::task::yield_now().await;
    }
}

/// A client of server-sent events, by hand: one connection for the stream, one for the requests.
struct EventClient {
    events: BufReader<TcpStream>,
    requests: BufReader<TcpStream>,
    name: String,
}

impl EventClient {
    async fn connect(address: SocketAddr) -> Self {
        let mut events = BufReader::new(TcpStream::connect(address).await.unwrap());
        let request = format!("GET {PATH}/events?vsn=2.0.0 HTTP/1.1\r\nhost: localhost\r\n\r\n");
        events.write_all(request.as_bytes()).await.unwrap();
        let requests = BufReader::new(TcpStream::connect(address).await.unwrap());
        let mut client = Self { events, requests, name: String::new() };
        client.name = client.receive().await.unwrap();
        client
    }

    /// The status of a POST.
    async fn post(&mut self, name: &str, body: &[u8]) -> u16 {
        let length = body.len();
        let head = format!(
            "POST {PATH}/events/{name} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n"
        );
        // At once: a body that comes later waits for the acknowledgement of its head.
        self.requests.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
        let mut status = None;
        loop {
            let mut line = String::new();
            self.requests.read_line(&mut line).await.unwrap();
            status = status.or_else(|| line.split(' ').nth(1)?.parse().ok());
            if line.trim_end().is_empty() {
                return status.unwrap();
            }
        }
    }
}

impl Line for EventClient {
    async fn send(&mut self, message: String) {
        let name = self.name.clone();
        assert_eq!(self.post(&name, message.as_bytes()).await, 204);
    }

    async fn receive(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.events.read_line(&mut line).await.unwrap_or(0) == 0 || line == "0\r\n" {
                return None;
            }
            if let Some(data) = line.strip_prefix("data: ") {
                return Some(data.trim_end().to_owned());
            }
        }
    }
}

#[tokio::test]
async fn server_sent_events_play_the_scenario_of_channels() {
    let endpoint = endpoint();
    let address = serve(events::routes(endpoint.clone(), PATH)).await;
    scenario::play(&endpoint, async || EventClient::connect(address).await).await;
}

#[tokio::test]
async fn hostile_clients_of_events_end_alone() {
    let endpoint = endpoint();
    let address = serve(events::routes(endpoint.clone(), PATH)).await;
    let mut good = EventClient::connect(address).await;
    let mut bad = EventClient::connect(address).await;
    assert_eq!(bad.post("nobody", b"[]").await, 410);
    let name = bad.name.clone();
    assert_eq!(bad.post(&name, b"\xff").await, 400);
    assert_eq!(bad.post(&name, b"no message").await, 204);
    assert_eq!(bad.receive().await, None);
    good.send(r#"[null,"1","phoenix","heartbeat",{}]"#.to_owned()).await;
    assert!(good.receive().await.unwrap().contains("phx_reply"));
    while endpoint.connections() > 1 {
        tokio::task::yield_now().await;
    }
}

struct WebSocketClient(WebSocketStream<TcpStream>);

impl WebSocketClient {
    async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let url = format!("ws://{address}{PATH}/websocket?vsn=2.0.0");
        Self(tokio_tungstenite::client_async(url, stream).await.unwrap().0)
    }
}

impl Line for WebSocketClient {
    async fn send(&mut self, message: String) {
        self.0.send(Message::text(message)).await.unwrap();
    }

    async fn receive(&mut self) -> Option<String> {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => Some(text.as_str().to_owned()),
            _ => None,
        }
    }
}

#[tokio::test]
async fn websocket_under_axum_plays_the_scenario_of_channels() {
    let endpoint = endpoint();
    let address = serve(axum_websocket::routes(endpoint.clone(), PATH)).await;
    scenario::play(&endpoint, async || WebSocketClient::connect(address).await).await;
}

#[tokio::test]
async fn websocket_of_the_runtime_plays_the_scenario_of_channels() {
    let endpoint = endpoint();
    let server = endpoint.bind(([127, 0, 0, 1], 0)).await.unwrap();
    let address = server.address();
    tokio::spawn(server.stop_on(pending()).run(endpoint.routes()));
    scenario::play(&endpoint, async || WebSocketClient::connect(address).await).await;
}
