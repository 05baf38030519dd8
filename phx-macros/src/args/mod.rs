//! What stands between an attribute's parentheses.

mod channel;
mod event;
mod events;
mod given;
mod keys;
mod kind;
mod list;
mod lists;
mod named;
mod quantity;
mod rate;
mod routes;
mod runtime;
mod scalars;
mod settings;
mod socket;
mod test;
mod value;

pub(crate) use self::{
    channel::ChannelArgs,
    event::EventArgs,
    events::{Events, handler_rate},
    routes::RouteArg,
    socket::SocketArgs,
    test::{TestArgs, Transport},
    value::{Filter, Origin, Serializer, Setting, Value},
};
