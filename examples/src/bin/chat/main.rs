//! A chat with rooms: `cargo run --release -p phx-examples --bin chat`, then open the printed
//! address in two tabs. `HOST` and `PORT` choose another one; `examples/cluster.sh` runs three of them as
//! one.

#![allow(unreachable_pub, reason = "a program has no public interface")]

mod announce;
mod lobby_channel;
mod mirror;
mod page;
mod room_channel;
mod rooms;
mod user;
mod user_socket;
mod words;

use phx_runtime::Endpoint;
use tracing_subscriber::EnvFilter;
use warp::Filter;

use crate::{rooms::Rooms, user::UserSocket};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    let rooms = Rooms::default();
    let builder = Endpoint::builder().state(rooms.clone()).socket::<UserSocket>();
    let endpoint = phx_examples::with_environment(builder).build()?;
    tokio::spawn(mirror::follow(endpoint.clone(), rooms));
    let server = endpoint.bind(phx_examples::address()?).await?;
    println!("Chat at http://{}", server.address());
    server.run(endpoint.routes().or(page::routes())).await;
    Ok(())
}
