//! A chat with rooms: `cargo run --release -p phx-examples --bin chat`, then open the printed
//! address in two tabs. `HOST` and `PORT` choose another one.

#![allow(unreachable_pub, reason = "a program has no public interface")]

mod lobby_channel;
mod page;
mod room_channel;
mod rooms;
mod user;
mod user_socket;

use phx_runtime::Endpoint;
use tracing_subscriber::EnvFilter;
use warp::Filter;

use crate::{rooms::Rooms, user::UserSocket};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    let endpoint = Endpoint::builder().state(Rooms::default()).socket::<UserSocket>().build()?;
    let server = endpoint.bind(phx_examples::address()?).await?;
    println!("Chat at http://{}", server.address());
    server.run(endpoint.routes().or(page::routes())).await;
    Ok(())
}
