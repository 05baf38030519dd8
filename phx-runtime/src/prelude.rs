//! What most files of an application need: `use phx_runtime::prelude::*;`

pub use crate::{
    channel::{JoinError, Joined, Next, Reply, ReplyRef, Socket},
    connect::{ConnectError, ConnectInfo, params::Params},
    endpoint::{Endpoint, State},
    json,
    message::{Binary, Event, Fault, Payload, Reason, Topic},
    presence::Presence,
};
pub use phx_macros::{
    assigns, channel, channels, connect, handle_in, handle_info, handle_out, id, join, socket,
    terminate,
};
