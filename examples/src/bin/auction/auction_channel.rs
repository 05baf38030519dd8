//! A bidder at one lot.

use phx_runtime::prelude::*;
use serde::Deserialize;

use crate::{
    auctions::{Auctions, LotId, Refused},
    bidder::Bidder,
    events::{Bid, Closed, Tick},
};

#[derive(Deserialize)]
pub struct Offer {
    pub amount: u64,
}

struct AfterJoin;

pub struct AuctionChannel {
    pub lot: LotId,
    pub name: String,
}

#[channel("auction:{lot}", sends(Bid, Tick, Closed))]
impl AuctionChannel {
    #[join]
    fn join(
        lot: LotId,
        _: Payload,
        bidder: &Bidder,
        auctions: State<Auctions>,
    ) -> Result<Joined<Self>, Refused> {
        let now = auctions.lot(lot)?;
        let channel = Self { lot, name: bidder.name.clone() };
        Ok(Joined::new(channel).reply(now).then(AfterJoin))
    }

    #[handle_info]
    fn after_join(
        &self,
        _: AfterJoin,
        socket: &Socket,
        presence: State<Presence>,
    ) -> Result<(), Fault> {
        presence.track(socket, &self.name, json!({}))?;
        socket.push("presence_state", presence.list(socket.topic()));
        Ok(())
    }

    /// Offers an amount; everybody at the lot hears of it, and the bidder gets the bid back.
    #[handle_in("bid")]
    pub fn bid(
        &self,
        offer: Offer,
        socket: &Socket,
        auctions: State<Auctions>,
    ) -> Result<Bid, Refused> {
        let bid = auctions.bid(self.lot, &self.name, offer.amount)?;
        socket.broadcast_event(&bid);
        Ok(bid)
    }
}
