//! The application that the recorded conversations in `tests/golden` talk to.
//!
//! It listens on 127.0.0.1, on the port in `PORT` (4000 if that is not set, a free one if it is 0),
//! until SIGTERM, and says where in its first line. `TLS_CERT` and `TLS_KEY` name files for TLS,
//! `TRUST_PROXIES` the addresses of proxies in front. Its sockets and channels are small and strange:
//! each does one thing that a Phoenix client can notice. Applications to learn from are the other
//! programs of this crate.

mod assigns;
mod channels;
mod connect_info;
mod http;
mod mounts;
mod raw;
mod sockets;
mod values;

use std::{error::Error, panic};

use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| "off".into()))
        .init();
    // Handlers panic here because clients ask for it. The default hook would print a backtrace each
    // time, on the thread that serves others too.
    panic::set_hook(Box::new(|panicked| tracing::warn!("{panicked}")));
    let endpoint = mounts::endpoint()?;
    let server = endpoint.bind(phx_examples::listener()?).await?;
    for address in server.addresses() {
        println!("listening on {address}");
    }
    server.run(http::routes(&endpoint)).await;
    Ok(())
}
