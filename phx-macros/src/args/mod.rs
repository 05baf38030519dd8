//! What stands between an attribute's parentheses.

mod channel;
mod events;
mod keys;
mod list;
mod quantity;
mod routes;
mod runtime;
mod socket;
mod values;

pub(crate) use self::{
    channel::ChannelArgs,
    events::Events,
    keys::Setting,
    routes::RouteArg,
    socket::SocketArgs,
    values::{Filter, Origin, Value},
};
