//! What generated code calls. Nothing here is for use by hand, and nothing here is stable.
//!
//! The helpers are called with the user's type as a turbofish, `payload::<NewMsg>()`: then the type
//! is all of the call that stands in the user's source, and the compiler blames it alone.

pub use std::{
    boxed::Box,
    option::Option::{self, None, Some},
    result::Result::{self, Err, Ok},
    string::String,
    time::Duration,
    vec::Vec,
};

pub use futures_util::future::BoxFuture;
pub use phx_macros::{assigns, connect, handle_in, handle_info, handle_out, id, join, terminate};

pub use crate::{
    ConnectError, JoinError, Joined, Payload, Reason, Topic,
    channel::{
        Channel, ChannelOptions, Context, FromJoin, Handling, Info, Join, JoinContext, Pattern,
        Route, RoutingTable, TopicPart,
    },
    connect::{CheckOrigin, Drainer, LongPollOptions, Mount, WebSocketOptions},
    endpoint::Requirements,
    log::{FilterParameters, LogLevel},
    serializer::Version,
    socket::{ConnectContext, SocketState},
};

mod arguments;
mod counts;
mod handlers;
mod makers;
mod results;

pub use self::{
    arguments::{
        Argument, connect_context, context, join_context, join_payload, message, parameter, params,
        payload, reason,
    },
    handlers::{Given, Later, Now, Running, later, now},
    makers::{MakeLater, MakeNow, make_later, make_now},
    results::{
        connected, ended, id, joined, next, not_compiled, push_unchanged, reply, state, topic,
    },
};
