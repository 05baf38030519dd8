//! What bidders are told.

use phx_runtime::prelude::*;
use serde::{Deserialize, Serialize};

/// Somebody offers more than anybody before.
#[event("bid")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bid {
    pub by: String,
    pub amount: u64,
}

/// A second has gone by.
#[event("tick")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tick {
    pub seconds: u64,
}

/// The time is over.
#[event("closed")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    /// The best bid, if there was one.
    pub sold: Option<Bid>,
}
