//! What the rest of the program holds of a connection, and what waits to be written to its client.

mod backlog;
mod budget;
mod frames;
mod handle;
mod mailbox;
mod outbox;
mod queue;
mod room;
mod seats;
mod signs;

pub use self::{
    backlog::BacklogLimits,
    budget::{Budget, Share},
    frames::Outgoing,
    handle::Connection,
};
pub(crate) use self::{
    backlog::Slow,
    handle::{ConnectionId, Reader, Timeout, WeakConnection},
    mailbox::LIMIT as MAILBOX_LIMIT,
    seats::{Seat, Seats, one_client},
};
