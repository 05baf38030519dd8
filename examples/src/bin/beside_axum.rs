//! Channels beside the pages of an axum application, which serves both.
//!
//! `cargo run -p phx-examples --bin beside_axum`, then connect to `ws://127.0.0.1:4000/socket/websocket`, poll
//! `/socket/longpoll`, or open <http://127.0.0.1:4000>. On Ctrl-C the clients are sent elsewhere first.

use std::net::SocketAddr;

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    middleware::map_request,
    routing::get,
};
use phx_runtime::{prelude::*, server::PeerAddress};
use tokio::net::TcpListener;

struct User;

#[socket("/socket", websocket, longpoll)]
#[channels(Room)]
impl User {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(_: Payload) -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("new_msg")]
    fn new_msg(&self, message: Payload, socket: &Socket) {
        socket.broadcast("new_msg", message);
    }
}

/// Tells the endpoint where a client is, for limits and `ConnectInfo::peer`.
async fn tell_peer(ConnectInfo(peer): ConnectInfo<SocketAddr>, mut request: Request) -> Request {
    request.extensions_mut().insert(PeerAddress(peer));
    request
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let endpoint = Endpoint::builder().socket::<User>().build()?;
    let app = Router::new()
        .route("/", get(|| async { "There is a socket at /socket." }))
        .fallback_service(endpoint.service())
        .layer(map_request(tell_peer));
    let listener = TcpListener::bind("127.0.0.1:4000").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let drained = async move {
        // Without a signal to wait for, the server ends at once.
        let _ = tokio::signal::ctrl_c().await;
        endpoint.drain().await;
    };
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(drained)
        .await?;
    Ok(())
}
