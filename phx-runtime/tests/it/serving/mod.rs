//! What stands between the endpoint and the internet: listeners, TLS, proxies, limits, and how all of
//! it ends.

mod forwarded;
mod http2;
mod life_cycle;
mod limits;
mod listeners;
mod refusals;
mod services;
mod tls;

use std::net::SocketAddr;

use phx_runtime::{
    ConnectError, ConnectInfo, Endpoint, json,
    options::{LongPollOptions, Mount, WebSocketOptions},
    server::{Builder, Listener, Server},
    socket::{ConnectRequest, RawConnect},
    transport::{Connection, Flow, Frame, Handled, RawSocket},
};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::support::{clock, raw_client::RawClient};

/// Says what it knows of its request, then says everything again.
struct Mirror(Value);

impl RawConnect for Mirror {
    async fn connect(request: ConnectRequest) -> Result<Self, ConnectError> {
        Ok(Self(shown(request.info())))
    }
}

fn shown(info: &ConnectInfo) -> Value {
    json!({
        "peer": info.peer().map(|peer| peer.to_string()),
        "uri": info.uri().to_string(),
        "certificate": info.client_certificate().map(<[u8]>::len),
    })
}

impl RawSocket for Mirror {
    fn init<'a>(&'a mut self, connection: &'a Connection) -> Handled<'a> {
        connection.send(&Frame::text(self.0.to_string()));
        Flow::Continue.into()
    }

    fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a> {
        connection.send(&frame);
        Flow::Continue.into()
    }
}

const WEBSOCKET: &str = "/mirror/websocket";
const LONGPOLL: &str = "/mirror/longpoll";

fn builder() -> Builder {
    let mount = Mount::new("/mirror");
    let mount = mount.websocket(WebSocketOptions::new()).longpoll(LongPollOptions::new());
    Endpoint::builder().raw_socket::<Mirror>(mount).secret("at least twenty bytes of secret")
}

/// Listens, and serves until the test ends.
async fn start(builder: Builder, listener: impl Into<Listener>) -> SocketAddr {
    let endpoint = builder.build().unwrap();
    let server = endpoint.bind(listener).await.unwrap();
    let address = server.address();
    run(server, &endpoint);
    address
}

fn run(server: Server, endpoint: &Endpoint) {
    let (still, routes) = (clock::stop(), endpoint.service());
    tokio::spawn(async move {
        server.stop_on(std::future::pending()).run_service(routes).await;
        drop(still);
    });
}

/// What a client that connects is told of itself, and whether it is heard.
async fn mirrored<S>(stream: S, headers: &str) -> Value
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let client = RawClient::over(stream, WEBSOCKET, headers).await;
    heard(client).await
}

async fn heard<S: AsyncRead + AsyncWrite + Unpin>(mut client: RawClient<S>) -> Value {
    let told = serde_json::from_str(client.frame().await.unwrap().text()).unwrap();
    client.send_text("hello").await;
    assert_eq!(client.frame().await.unwrap().text(), "hello");
    told
}

/// All that a server answers until it closes.
async fn answer<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, request: &str) -> String {
    // The server may be gone.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n{headers}\r\n")
}
