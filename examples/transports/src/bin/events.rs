//! Channels over server-sent events, with a page: `cargo run -p phx-transports --bin events`, then open the
//! printed address in two windows.

use axum::{response::Html, routing::get};
use phx_transports::{address, events, room};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let endpoint = room::endpoint()?;
    let routes = events::routes(endpoint.clone(), "/socket")
        .route("/", get(|| async { Html(include_str!("../../assets/events.html")) }));
    let server = endpoint.bind(address()?).await?;
    println!("Open http://{}", server.address());
    server.run_service(routes).await;
    Ok(())
}
