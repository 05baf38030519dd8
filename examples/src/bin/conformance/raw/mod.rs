//! Sockets without channels: messages go straight to their handlers.

mod declared;
mod echo;
mod params;
mod ping;
mod slow;

pub(crate) use self::{declared::Declared, echo::Echo, params::ShowParams, ping::Ping, slow::Slow};
