//! From an item to what it declares.

mod callback;
mod item;
mod state;

pub(crate) use self::item::{channel, socket};
