//! The endpoint's own server: what it takes for a request, and how long it waits for one.

mod bodies;
mod connections;
mod handshakes;
mod heads;
mod keep_alive;
mod requests;
mod stalled_readers;

use std::{net::SocketAddr, path::PathBuf};

use phx_runtime::{
    Endpoint,
    options::{LongPollOptions, ServerOptions},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use warp::{Filter, Rejection, Reply};

use crate::support::{
    everybody::User,
    server::{serve_locally, serve_routes},
};

/// More than any socket's buffers hold.
const LARGE: usize = 40_000_000;

/// The socket, and some routes of an application.
fn served(
    options: ServerOptions,
) -> (Endpoint, impl Filter<Extract = impl Reply, Error = Rejection> + Clone + Send + Sync + 'static)
{
    let builder = Endpoint::builder()
        .server(options)
        .socket_with::<User>(|mount| mount.longpoll(LongPollOptions::new().max_body_size(1000)));
    let endpoint = builder.build().unwrap();
    let routes = endpoint
        .routes()
        .or(warp::path!("health").map(|| "ok"))
        .or(warp::path!("upload").and(warp::body::bytes()).map(|_| "ok"))
        .or(warp::path!("large").map(|| vec![b'x'; LARGE]))
        .or(warp::path!("panic").map(|| -> &'static str { panic!("on purpose") }));
    (endpoint, routes)
}

async fn start(options: ServerOptions) -> SocketAddr {
    let (endpoint, routes) = served(options);
    serve_routes(&endpoint, routes).await
}

async fn start_locally(options: ServerOptions) -> PathBuf {
    let (endpoint, routes) = served(options);
    serve_locally(&endpoint, routes).await
}

/// Writes bytes and gives the head of the answer, or nothing if there is none.
async fn head<S>(stream: &mut S, request: impl AsRef<[u8]>) -> String
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // The server may be gone.
    let _ = stream.write_all(request.as_ref()).await;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return String::new(),
        }
    }
    String::from_utf8(head).unwrap()
}

/// The status of an answer.
fn status(head: &str) -> u16 {
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("no answer: {head:?}"))
}

/// The answer to bytes that come over a connection of their own.
async fn asked(at: SocketAddr, request: impl AsRef<[u8]>) -> u16 {
    let mut stream = TcpStream::connect(at).await.unwrap();
    status(&head(&mut stream, request).await)
}
