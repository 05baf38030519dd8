//! What most files of an application need: `use phx_runtime::prelude::*;`

pub use crate::{
    Binary, ConnectError, ConnectInfo, Endpoint, Event, Fault, JoinError, Joined, Next, Params,
    Payload, Presence, Reason, Reply, ReplyRef, Socket, State, Topic, channel, channels, handle_in,
    handle_out, json, socket,
};
