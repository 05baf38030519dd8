//! Rooms for clients of all ages and encodings: `cargo run -p phx-examples --bin reunion`, then open
//! the printed address. `HOST` and `PORT` choose another one.
//!
//! Current clients are at `/socket`, in JSON or MessagePack. At `/ws` are those of Phoenix 0.5 to 0.7
//! and of 1.2 and 1.3, at `/ws/0.10` and `/ws/0.14` those between. All meet in the same rooms.

#![allow(unreachable_pub, reason = "a program has no public interface")]

mod page;
mod room;

use phx_runtime::{
    Endpoint,
    options::{CheckOrigin, LongPollOptions, Mount, WebSocketOptions},
    prelude::*,
    serializer::{Protocol, Version},
};
use tracing_subscriber::EnvFilter;
use warp::Filter;

use crate::room::Room;

/// Anybody.
pub struct Guest;

#[socket(
    "/socket",
    websocket(check_origin = "conn", serializers(v2, v1, phx_examples::msgpack::MsgPack)),
    longpoll(check_origin = "conn")
)]
#[channels(Room)]
impl Guest {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

/// A mount of both transports for clients that are older, at the paths that these know.
fn older(path: &'static str, protocols: &[Protocol]) -> Mount {
    Mount::new(path)
        .websocket(
            WebSocketOptions::new()
                .path("")
                .check_origin(CheckOrigin::Request)
                .serializers(protocols.iter().cloned()),
        )
        .longpoll(
            LongPollOptions::new()
                .path("/poll")
                .check_origin(CheckOrigin::Request)
                .serializers(protocols.iter().cloned()),
        )
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    // What is called "rooms" in 0.x are the topics "room:*" of today.
    let v0_7 = Protocol::v0_7_with([("rooms", "room:")]);
    let endpoint = Endpoint::builder()
        .socket::<Guest>()
        .socket_at::<Guest>(older("/ws", &[v0_7, Protocol::v1_3(), Version::V2.into()]))
        .socket_at::<Guest>(older("/ws/0.10", &[Protocol::v0_10()]))
        .socket_at::<Guest>(older("/ws/0.14", &[Protocol::v0_14()]))
        .build()?;
    let server = endpoint.bind(phx_examples::address()?).await?;
    println!("Reunion at http://{}", server.address());
    server.run(endpoint.routes().or(page::routes())).await;
    Ok(())
}
