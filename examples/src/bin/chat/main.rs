//! A chat with rooms: `cargo run --release -p phx-examples --bin chat`, then open the printed
//! address in two tabs. `HOST` and `PORT` choose another one; `TLS_CERT` and `TLS_KEY` name files for
//! TLS, and `TRUST_PROXIES` the addresses of proxies in front. `examples/cluster.sh` runs three of them
//! as one.

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

use phx_runtime::{Endpoint, options::ServerOptions};
use tracing_subscriber::EnvFilter;
use warp::Filter;

use crate::{rooms::Rooms, user::UserSocket};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    let rooms = Rooms::default();
    let builder = Endpoint::builder()
        .state(rooms.clone())
        .socket::<UserSocket>()
        .server(ServerOptions::new().liveness("/alive").readiness("/ready"));
    let builder = phx_examples::trust_proxies(phx_examples::with_environment(builder));
    let endpoint = builder.build()?;
    tokio::spawn(mirror::follow(endpoint.clone(), rooms));
    let server = endpoint.bind(phx_examples::listener()?).await?;
    for address in server.addresses() {
        println!("Chat at {address}");
    }
    server.run(endpoint.routes().or(page::routes())).await;
    Ok(())
}
