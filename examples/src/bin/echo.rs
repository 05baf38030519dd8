//! A raw socket, without channels: whatever a client sends comes back.
//!
//! `cargo run -p phx-examples --bin echo`, then connect to the printed addresses.

use phx_runtime::{
    ConnectError, Endpoint,
    options::{CheckOrigin, Mount, WebSocketOptions},
    socket::{ConnectRequest, RawConnect},
    transport::{Connection, Flow, Frame, Handled, RawSocket},
};

/// The largest message that comes back: the default of 10,000,000 bytes is below what conformance
/// suites try.
const LARGEST: usize = 32 << 20;

/// One client. It needs no memory of its own.
struct Echo;

impl RawConnect for Echo {
    async fn connect(_: ConnectRequest) -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

impl RawSocket for Echo {
    fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a> {
        connection.send(&frame);
        Flow::Continue.into()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // One message may wait while the next is sent, each with its frame header.
    let options = WebSocketOptions::new()
        .check_origin(CheckOrigin::ANY)
        .max_frame_size(LARGEST)
        .max_backlog(3 * LARGEST);
    let compressed = options.clone().compress(true);
    let endpoint = Endpoint::builder()
        .raw_socket::<Echo>(Mount::new("/rawecho").websocket(options))
        .raw_socket::<Echo>(Mount::new("/compress").websocket(compressed))
        .build()?;

    let server = endpoint.bind(phx_examples::address()?).await?;
    let address = server.address();
    println!("Echoing at ws://{address}/rawecho/websocket");
    println!("and with permessage-deflate at ws://{address}/compress/websocket");
    server.run(endpoint.routes()).await;
    Ok(())
}
