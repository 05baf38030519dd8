//! What generated code calls. Nothing here is for use by hand, and nothing here is stable.
//!
//! Conversions are functions of traits, called as `<NewMsg as FromPayload>::from_payload`: then the type is
//! all of the call that stands in the user's source, and the compiler blames it alone and says nothing of
//! what is here.

pub use std::{
    boxed::Box,
    future::Future,
    marker::Send,
    option::Option::{self, None, Some},
    pin::Pin,
    result::Result::{self, Err, Ok},
    string::String,
    time::Duration,
    vec::Vec,
};

pub use phx_macros::{
    assigns, connect, handle_control, handle_in, handle_info, handle_out, id, init, join, pattern,
    terminate,
};

pub use crate::message::{Failure, FromFailure, ToPayload};
pub use crate::{
    Binary, ConnectError, JoinError, Joined, Next, Payload, Reason, Topic,
    channel::{
        Channel, ChannelOptions, Context, FromEvent, FromJoin, FromPayload, FromReason, FromTopic,
        HandlesInfo, Handling, Info, IntoJoined, IntoNestedReply, IntoNext, IntoReply, Join,
        JoinContext, ListedEvent, Pattern, Route, RoutingTable, StateOf, TopicPart, TypedEvent,
        hints,
    },
    connect::{CheckOrigin, Drainer, LongPollOptions, Mount, Origin, Rate, WebSocketOptions},
    endpoint::Requirements,
    log::{FilterParameters, LogLevel},
    raw::{
        FrameKind, FromControl, FromFrame, FromRaw, IntoAnswer, Raw, RawContext, RawHandlers,
        hints as raw_hints,
    },
    serializer::{Protocol, Version},
    socket::{ConnectContext, FromConnect, FromParams, IntoConnected, IntoSocketId, SocketState},
    transport::{Control, Frame, Handled},
};

mod counts;
mod handlers;
mod makers;
mod results;

pub use self::{
    handlers::{
        FrameLater, FrameNow, Given, GivenLater, GivenNow, Later, Now, RawLater, RawNow, Running,
        frame_later, frame_now, later, now, raw_ended, raw_later, raw_now,
    },
    makers::{MakeLater, MakeNow, make_later, make_now},
    results::{
        ended, found, message, next, not_compiled, parameter, push_unchanged, raw_end, topic,
    },
};
