//! Channels over server-sent events, with a page: `cargo run -p phx-transports --bin events`, then open the
//! printed address in two windows.

use axum::{response::Html, routing::get};
use phx_transports::{address, axum_websocket, events, room};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind(address()).await?;
    println!("Open http://{}", listener.local_addr()?);
    let endpoint = room::endpoint()?;
    let routes = events::routes(endpoint.clone(), "/socket")
        .merge(axum_websocket::routes(endpoint, "/socket"))
        .route("/", get(|| async { Html(include_str!("../../page.html")) }));
    axum::serve(listener, routes).await?;
    Ok(())
}
