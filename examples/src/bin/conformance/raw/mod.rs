//! Sockets without channels: messages go straight to their handlers.

mod echo;
mod params;
mod ping;
mod slow;

pub(crate) use self::{echo::Echo, params::ShowParams, ping::Ping, slow::Slow};
