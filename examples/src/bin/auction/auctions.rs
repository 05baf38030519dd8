//! The lots, and who offers most for them.

use std::{collections::BTreeMap, sync::Arc};

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::events::{Bid, Closed, Tick};

pub type LotId = u64;

/// All lots; a handle that is cheap to clone.
#[derive(Clone, Default)]
pub struct Auctions(Arc<Mutex<BTreeMap<LotId, Lot>>>);

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lot {
    pub title: String,
    /// What the first bid has to offer.
    pub price: u64,
    pub best: Option<Bid>,
    /// How long it is still open.
    pub seconds: u64,
}

/// Why a bid, or a bidder, is refused. This is what the client gets.
#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Refused {
    NoSuchLot,
    Closed,
    TooLow { at_least: u64 },
}

/// What a second does to a lot.
pub enum Second {
    Tick(Tick),
    Closed(Closed),
}

impl Auctions {
    /// Opens a lot.
    pub fn open(&self, title: &str, price: u64, seconds: u64) -> LotId {
        let mut lots = self.lots();
        let id = lots.last_key_value().map_or(1, |(last, _)| last + 1);
        lots.insert(id, Lot { title: title.to_owned(), price, best: None, seconds });
        id
    }

    /// All lots by their numbers.
    pub fn all(&self) -> BTreeMap<LotId, Lot> {
        self.lots().clone()
    }

    /// A lot as it now stands.
    pub fn lot(&self, id: LotId) -> Result<Lot, Refused> {
        self.lots().get(&id).cloned().ok_or(Refused::NoSuchLot)
    }

    /// Takes a bid that is higher than all before.
    pub fn bid(&self, id: LotId, by: &str, amount: u64) -> Result<Bid, Refused> {
        let mut lots = self.lots();
        let lot = lots.get_mut(&id).ok_or(Refused::NoSuchLot)?;
        if lot.seconds == 0 {
            return Err(Refused::Closed);
        }
        let at_least = lot.best.as_ref().map_or(lot.price, |best| best.amount + 1);
        if amount < at_least {
            return Err(Refused::TooLow { at_least });
        }
        Ok(lot.best.insert(Bid { by: by.to_owned(), amount }).clone())
    }

    /// Lets a second pass for all lots that are open.
    pub fn pass_a_second(&self) -> Vec<(LotId, Second)> {
        let mut lots = self.lots();
        let open = lots.iter_mut().filter(|(_, lot)| lot.seconds > 0);
        open.map(|(id, lot)| {
            lot.seconds -= 1;
            let second = match lot.seconds {
                0 => Second::Closed(Closed { sold: lot.best.clone() }),
                seconds => Second::Tick(Tick { seconds }),
            };
            (*id, second)
        })
        .collect()
    }

    fn lots(&self) -> MutexGuard<'_, BTreeMap<LotId, Lot>> {
        // Nothing here panics half way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
