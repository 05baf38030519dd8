//! Channels over lines of TCP: `cargo run -p phx-transports --bin lines`, then
//! `node examples/transports/assets/lines.mjs`, or by hand: `nc 127.0.0.1 4000` and
//! `["1","1","room:1","phx_join",{}]`.

use phx_transports::{address, lines, room, told_to_end};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let told_to_end = told_to_end()?;
    let endpoint = room::endpoint()?;
    let listener = TcpListener::bind(address()?).await?;
    println!("Listening on tcp://{}", listener.local_addr()?);
    tokio::select! {
        () = lines::serve(endpoint.clone(), "/socket", listener) => {}
        () = told_to_end => {}
    }
    endpoint.drain().await;
    Ok(())
}
