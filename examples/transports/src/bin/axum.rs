//! Channels over WebSocket under axum, with a page: `cargo run -p phx-transports --bin axum`, then open the
//! printed address in two windows.

use std::net::SocketAddr;

use axum::{http::header, response::Html, routing::get};
use phx_transports::{address, axum_websocket, room, told_to_end};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let told_to_end = told_to_end()?;
    let endpoint = room::endpoint()?;
    let script = [(header::CONTENT_TYPE, "text/javascript")];
    let routes = axum_websocket::routes(endpoint.clone(), "/socket")
        .route("/", get(|| async { Html(include_str!("../../assets/axum.html")) }))
        .route(
            "/phx.js",
            get(move || async move { (script, include_str!("../../../assets/chat/phx.js")) }),
        );
    let listener = TcpListener::bind(address()?).await?;
    println!("Open http://{}", listener.local_addr()?);
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    tokio::select! {
        served = async { axum::serve(listener, service).await } => served?,
        () = told_to_end => {}
    }
    endpoint.drain().await;
    Ok(())
}
