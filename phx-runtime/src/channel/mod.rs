//! What channels are made of: the traits that `#[channel]` implements, the arguments and results
//! of callbacks, and topic patterns.
//!
//! Whoever writes a channel with the macros meets these traits in error messages, and implements some
//! of them to give handlers arguments and results of their own. Phoenix counterpart:
//! `Phoenix.Channel`.

mod assigns;
mod callbacks;
pub(crate) mod connected;
pub(crate) mod context;
mod foreign;
mod handles;
mod handling;
pub mod hints;
mod into_joined;
pub(crate) mod joined;
mod kind;
mod member;
mod options;
mod outcome;
mod pattern;
pub(crate) mod reply;
pub(crate) mod reply_ref;
mod route;
mod routing_table;
mod shared;
pub(crate) mod socket;
pub(crate) mod socket_state;
mod to_channels;
mod written_result;

pub use self::{
    assigns::StateOf,
    callbacks::Channel,
    context::{Context, FromEvent, FromJoin, FromTopic, JoinContext},
    handles::{HandlesInfo, MessageOf},
    handling::Handling,
    into_joined::IntoJoined,
    joined::{IntoJoinError, JoinErrorKind},
    options::ChannelOptions,
    outcome::Outcome,
    pattern::Pattern,
    reply::{IntoNestedReply, IntoNext, IntoRefusal, IntoReply, IntoResponse},
    route::{Join, Route},
    routing_table::RoutingTable,
    socket::Timer,
    to_channels::ToChannels,
};
pub use crate::message::{
    EncodeError, EventName, FromPayload, FromReason, Info, ListedEvent, PayloadError,
    PayloadErrorKind, PayloadKind, ReasonText, ToPayload, TopicName, TopicPart, TypedEvent, Why,
};

pub(crate) use self::{
    context::ConnectContext,
    handling::{AnyChannel, Caught, Progress, Returned, Run, run, run_async},
    joined::{JoinError, Refused},
    kind::ChannelKind,
    member::{Ending, Ends, Member, SessionMessage},
    reply::{Answer, End, NotCalled, Reply},
    route::{Connected, JoinedAny, Joining, Routes},
    shared::SessionShared,
    socket::{Socket, detached},
    socket_state::{IsSocket, SocketState},
};
