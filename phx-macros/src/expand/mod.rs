//! From a checked model to the impls that the runtime needs.
//!
//! Generated code stands in `const _`, where the runtime's support module has the short name
//! `_phx`. All of it is resolved as the macro's own ("mixed site"), so its locals and the user's
//! names cannot meet. Conversions are functions of traits called as `<UserType as Trait>::function`: the
//! user's type is the only thing at the user's place, so that is what the compiler blames, and what the
//! editor finds there.

#[macro_use]
mod code;
mod argument;
mod block;
mod call;
mod channel;
mod event;
mod handlers;
mod join;
mod json_pattern;
mod options;
mod raw;
mod requires;
mod socket;
mod test;
mod topic;
mod types;

pub(crate) use self::{
    block::block,
    channel::channel,
    event::event,
    json_pattern::json_pattern,
    socket::socket,
    test::{Scenario, tests},
    topic::topic,
    types::socket_parameter,
};
