//! Channels over lines of TCP: `cargo run -p phx-transports --bin lines`, then
//! `nc 127.0.0.1 4000` and `["1","1","room:1","phx_join",{}]`.

use phx_transports::{address, lines, room};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind(address()).await?;
    println!("Listening on {}", listener.local_addr()?);
    lines::serve(room::endpoint()?, "/socket", listener).await?;
    Ok(())
}
