//! Who bids: whoever has a token, which the page asks for with a name.

use std::time::Duration;

use phx_runtime::{
    prelude::*,
    token::{SignError, Token},
};

use crate::auction_channel::AuctionChannel;

const SALT: &str = "bidder";
const TWO_HOURS: Duration = Duration::from_hours(2);

pub struct Bidder {
    pub name: String,
}

/// The token that lets somebody of this name bid.
pub fn token(endpoint: &Endpoint, name: &str) -> Result<String, SignError> {
    Token::sign(endpoint.secret(), SALT, &name)
}

#[socket(
    "/socket",
    websocket(check_origin = "conn"),
    longpoll(check_origin = "conn"),
    auth_token = true
)]
#[channels(AuctionChannel)]
impl Bidder {
    #[connect]
    fn connect(_: Params, info: &ConnectInfo, endpoint: &Endpoint) -> Result<Self, ConnectError> {
        let token = info.auth_token().ok_or_else(|| ConnectError::new("no token"))?;
        Ok(Self { name: Token::verify(endpoint.secret(), SALT, token, TWO_HOURS)? })
    }

    #[id]
    fn id(&self) -> String {
        format!("bidder:{}", self.name)
    }
}
