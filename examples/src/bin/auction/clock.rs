//! The clock that closes lots.

use std::time::Duration;

use phx_runtime::prelude::*;
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    auction_channel::AuctionChannel,
    auctions::{Auctions, Second},
};

/// Lets the seconds pass, for as long as the program runs.
pub async fn run(endpoint: Endpoint) -> Result<(), Fault> {
    let auctions = endpoint.state::<Auctions>()?;
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    seconds.tick().await;
    loop {
        seconds.tick().await;
        for (lot, second) in auctions.pass_a_second() {
            let topic = AuctionChannel::topic(lot);
            match second {
                Second::Tick(tick) => endpoint.broadcast_event(topic, tick),
                Second::Closed(closed) => endpoint.broadcast_event(topic, closed),
            }
        }
    }
}
