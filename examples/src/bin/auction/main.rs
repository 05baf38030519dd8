//! An auction: `cargo run --release -p phx-examples --bin auction`, then open the printed address in two tabs.
//! A new lot is opened by whoever knows the password that is printed too:
//!
//! ```sh
//! curl -X POST http://127.0.0.1:4000/lots -H "authorization: Bearer $ADMIN" \
//!      -H "content-type: application/json" -d '{"title": "A clock", "price": 10, "seconds": 60}'
//! ```
//!
//! Bids and the clock's ticks are typed events, bidders come with a signed token, and everybody at a lot is
//! a presence of its topic.

#![allow(unreachable_pub, reason = "a program has no public interface")]

mod auction_channel;
mod auctions;
mod bidder;
mod clock;
mod events;
mod routes;
#[cfg(test)]
mod tests;

use phx_runtime::prelude::*;
use tracing_subscriber::EnvFilter;
use warp::Filter;

use crate::{auctions::Auctions, bidder::Bidder, routes::Admin};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    let admin = Admin::from_environment();
    let auctions = Auctions::default();
    auctions.open("A walking stick", 10, 300);
    let endpoint = builder(auctions, admin.clone()).build()?;
    tokio::spawn(clock::run(endpoint.clone()));
    let server = endpoint.bind(phx_examples::address()?).await?;
    println!("Auction at http://{}, opened by {admin}", server.address());
    server.run(endpoint.routes().or(routes::all(endpoint.clone()))).await;
    Ok(())
}

fn builder(auctions: Auctions, admin: Admin) -> phx_runtime::server::Builder {
    Endpoint::builder().state(auctions).state(admin).state(Presence::new()).socket::<Bidder>()
}
