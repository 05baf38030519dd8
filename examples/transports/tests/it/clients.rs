//! A client of each transport, by hand, and servers for them.

use std::{future::pending, net::SocketAddr, time::Duration};

use axum::Router;
use futures_util::{SinkExt, StreamExt};
use phx_runtime::{
    Endpoint,
    options::{CheckOrigin, CustomOptions, Mount, WebSocketOptions},
    testing::scenario::{self, Line, PATH},
};
use phx_transports::lines;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

pub(crate) const HEARTBEAT: &str = r#"[null,"1","phoenix","heartbeat",{}]"#;

pub(crate) const JOIN: &str = r#"["1","1","scene:1","phx_join",{}]"#;

/// The scenario's socket, which takes pages of `http://localhost` alone.
pub(crate) fn endpoint() -> Endpoint {
    // Nobody is too slow because the machine is.
    endpoint_with(Duration::from_hours(1))
}

/// The same, with how long a WebSocket client may be behind.
pub(crate) fn endpoint_with(backlog_timeout: Duration) -> Endpoint {
    let origins = || CheckOrigin::list(["http://localhost"]);
    let custom = CustomOptions::new().check_origin(origins());
    let websocket = WebSocketOptions::new()
        .check_origin(origins())
        .max_backlog(256 * 1024)
        .backlog_timeout(backlog_timeout);
    scenario::endpoint(Mount::new(PATH).custom(custom).websocket(websocket))
}

/// Waits until so many are connected.
pub(crate) async fn connected(endpoint: &Endpoint, count: usize) {
    while endpoint.connections() != count {
        tokio::task::yield_now().await;
    }
}

/// Somebody who goes on whatever others do is answered.
pub(crate) async fn is_answered(client: &mut impl Line) {
    client.send(HEARTBEAT.to_owned()).await;
    assert!(client.receive().await.unwrap().contains("phx_reply"));
}

/// Joins a room in which everybody hears everybody.
pub(crate) async fn joined<L: Line>(mut client: L) -> L {
    client.send(JOIN.to_owned()).await;
    assert!(client.receive().await.unwrap().contains("\"ok\""));
    client
}

/// A request's message that many are sent of in one write, by its number.
pub(crate) fn heartbeat(number: usize) -> String {
    format!(r#"[null,"{number}","phoenix","heartbeat",{{}}]"#)
}

pub(crate) async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

pub(crate) async fn serve_lines(endpoint: &Endpoint) -> SocketAddr {
    let (listener, address) = listen().await;
    tokio::spawn(lines::serve(endpoint.clone(), PATH, listener));
    address
}

/// Serves routes under axum's own server.
pub(crate) async fn serve_axum(routes: Router) -> SocketAddr {
    let (listener, address) = listen().await;
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

/// Serves routes under the endpoint's server.
pub(crate) async fn serve(endpoint: &Endpoint, routes: Router) -> SocketAddr {
    let server = endpoint.bind(([127, 0, 0, 1], 0)).await.unwrap().stop_on(pending());
    let address = server.address();
    tokio::spawn(server.run_service(routes));
    address
}

pub(crate) struct LineClient<IO>(pub(crate) BufReader<IO>);

impl LineClient<TcpStream> {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).await.unwrap()))
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Line for LineClient<IO> {
    async fn send(&mut self, message: String) {
        self.0.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    async fn receive(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).await.unwrap_or(0);
        (read > 0).then(|| line.trim_end().to_owned())
    }
}

/// A client of server-sent events: one connection for the stream, one for the requests.
pub(crate) struct EventClient {
    pub(crate) events: BufReader<TcpStream>,
    pub(crate) requests: BufReader<TcpStream>,
    pub(crate) name: String,
}

impl EventClient {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let mut events = BufReader::new(TcpStream::connect(address).await.unwrap());
        let request = format!("GET {PATH}/events?vsn=2.0.0 HTTP/1.1\r\nhost: localhost\r\n\r\n");
        events.write_all(request.as_bytes()).await.unwrap();
        let requests = BufReader::new(TcpStream::connect(address).await.unwrap());
        let mut client = Self { events, requests, name: String::new() };
        client.name = client.receive().await.unwrap();
        client
    }

    /// A whole request, to be written at once: a body that comes later waits for the acknowledgement of
    /// its head.
    pub(crate) fn request(name: &str, body: &[u8]) -> Vec<u8> {
        let length = body.len();
        let head = format!(
            "POST {PATH}/events/{name} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n"
        );
        [head.as_bytes(), body].concat()
    }

    /// The status of a POST.
    pub(crate) async fn post(&mut self, name: &str, body: &[u8]) -> u16 {
        self.requests.write_all(&Self::request(name, body)).await.unwrap();
        status(&mut self.requests).await
    }
}

/// The status of the next answer, which has no body.
pub(crate) async fn status(answers: &mut (impl AsyncBufReadExt + Unpin)) -> u16 {
    let mut status = None;
    loop {
        let mut line = String::new();
        assert_ne!(answers.read_line(&mut line).await.unwrap(), 0, "no answer");
        status = status.or_else(|| line.split(' ').nth(1)?.parse().ok());
        if line.trim_end().is_empty() {
            return status.unwrap();
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

pub(crate) struct WebSocketClient(pub(crate) WebSocketStream<TcpStream>);

impl WebSocketClient {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
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
