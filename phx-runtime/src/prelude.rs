//! What most files of an application need: `use phx_runtime::prelude::*;`

pub use crate::{
    Binary, ConnectError, ConnectInfo, Endpoint, Event, Fault, JoinError, Joined, Next, OrFault,
    Params, Payload, Presence, Reason, Reply, ReplyRef, Socket, State, Topic, json,
};
pub use phx_macros::{
    assigns, channel, channels, connect, event, handle_control, handle_in, handle_info, handle_out,
    id, init, join, socket, terminate,
};
