//! What channels are made of: the traits that `#[channel]` implements, the arguments and results
//! of callbacks, and topic patterns.

mod assigns;
mod callbacks;
mod connected;
mod context;
mod foreign;
mod handling;
mod into_joined;
mod joined;
mod kind;
mod member;
mod options;
mod pattern;
mod reply;
mod reply_ref;
mod route;
mod routing_table;
mod shared;
mod socket;
mod socket_state;

pub use self::{
    assigns::StateOf,
    callbacks::{Channel, Join},
    connected::{IntoConnected, IntoSocketId},
    context::{ConnectContext, Context, FromConnect, FromEvent, FromJoin, FromTopic, JoinContext},
    handling::{Handling, run, run_async},
    into_joined::IntoJoined,
    joined::{JoinError, Joined},
    options::ChannelOptions,
    pattern::Pattern,
    reply::{IntoNext, IntoRefusal, IntoReply, IntoResponse, Next, Reply},
    reply_ref::ReplyRef,
    route::Route,
    routing_table::RoutingTable,
    socket::Socket,
    socket_state::SocketState,
};
pub(crate) use self::{
    handling::{AnyChannel, Caught, Progress, Returned},
    joined::Refused,
    kind::ChannelKind,
    member::{Ends, Member, SessionMessage},
    reply::{Answer, End, NotCalled},
    route::{Connected, JoinedAny, Joining, Routes},
    shared::SessionShared,
    socket::detached,
};
