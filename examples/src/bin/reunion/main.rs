//! Rooms for clients of all ages and encodings: `cargo run -p phx-examples --bin reunion`, then open
//! the printed address. `HOST` and `PORT` choose another one.
//!
//! Current clients are at `/socket`, in JSON or `MessagePack`. Those of Phoenix 0.5 to 0.7 are at `/ws`,
//! those of 0.8 to 0.10 at `/ws/0.10`, those of 0.11 to 0.14 at `/ws/0.14`, those of 1.2 and 1.3 at
//! `/1.3/socket`. All meet in the same rooms.

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

/// Both transports of a mount for clients that are older.
fn older(protocol: Protocol) -> (WebSocketOptions, LongPollOptions) {
    let protocols = [protocol, Version::V2.into()];
    (
        WebSocketOptions::new().check_origin(CheckOrigin::REQUEST).serializers(protocols.clone()),
        LongPollOptions::new().check_origin(CheckOrigin::REQUEST).serializers(protocols),
    )
}

/// A mount for clients that know no other paths than these.
fn oldest(path: &'static str, protocol: Protocol) -> Mount {
    let (websocket, longpoll) = older(protocol);
    Mount::new(path).websocket(websocket.path("")).longpoll(longpoll.path("/poll"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    // What is called "rooms" in 0.x are the topics "room:*" of today.
    let v0_7 = Protocol::v0_7_with([("rooms", "room:")]);
    let (websocket, longpoll) = older(Protocol::v1_3());
    let endpoint = Endpoint::builder()
        .socket::<Guest>()
        .socket_at::<Guest>(oldest("/ws", v0_7))
        .socket_at::<Guest>(oldest("/ws/0.10", Protocol::v0_10()))
        .socket_at::<Guest>(oldest("/ws/0.14", Protocol::v0_14()))
        .socket_at::<Guest>(Mount::new("/1.3/socket").websocket(websocket).longpoll(longpoll))
        .build()?;
    let server = endpoint.bind(phx_examples::address()?).await?;
    println!("Reunion at http://{}", server.address());
    server.run(endpoint.routes().or(page::routes())).await;
    Ok(())
}
