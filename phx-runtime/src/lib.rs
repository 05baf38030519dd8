//! Phoenix Channels for Rust: the wire protocol, the behaviour and the stock clients of
//! [Phoenix](https://www.phoenixframework.org), declared with attribute macros and served by
//! [warp](https://docs.rs/warp).
//!
//! ```no_run
//! use phx_runtime::prelude::*;
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct NewMsg {
//!     body: String,
//! }
//!
//! struct RoomChannel {
//!     room_id: u64,
//! }
//!
//! #[channel("room:{room_id}")]
//! impl RoomChannel {
//!     #[join]
//!     async fn join(room_id: u64) -> Result<Self, JoinError> {
//!         Ok(Self { room_id })
//!     }
//!
//!     #[handle_in("new_msg")]
//!     async fn new_msg(&mut self, msg: NewMsg, socket: &Socket) -> Reply {
//!         socket.broadcast("new_msg", json!({ "body": msg.body }));
//!         Reply::ok(json!({ "room": self.room_id }))
//!     }
//! }
//!
//! struct UserSocket;
//!
//! #[socket("/socket", websocket, longpoll)]
//! #[channels(RoomChannel)]
//! impl UserSocket {
//!     #[connect]
//!     async fn connect() -> Result<Self, ConnectError> {
//!         Ok(Self)
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let endpoint = Endpoint::builder().socket::<UserSocket>().build()?;
//!     Ok(endpoint.serve(([127, 0, 0, 1], 4000)).await?)
//! }
//! ```
//!
//! A page connects with `new Socket("/socket")` of the `phoenix` package on npm, and joins
//! `socket.channel("room:42")`.
//!
//! # The marks
//!
//! | mark | stands on | what it is for |
//! |---|---|---|
//! | [`#[socket]`](macro@socket) | an `impl` block or module | what clients connect to |
//! | [`#[channels]`](macro@channels) | a socket | which channels serve which topics |
//! | [`#[connect]`](macro@connect) | a function of a socket | decides who may connect; required |
//! | [`#[id]`](macro@id) | a function of a socket | names the connection's owner |
//! | [`#[init]`](macro@init) | a function of a socket without channels | runs when the connection is established |
//! | [`#[handle_control]`](macro@handle_control) | a function of a socket without channels | hears pings and pongs |
//! | [`#[channel]`](macro@channel) | an `impl` block or module | what clients join |
//! | [`#[join]`](macro@join) | a function of a channel | decides who may join; required |
//! | [`#[handle_in]`](macro@handle_in) | a function of a channel, or of a socket without channels | handles messages from the client |
//! | [`#[handle_out]`](macro@handle_out) | a function of a channel | changes or holds back broadcasts |
//! | [`#[handle_info]`](macro@handle_info) | a function of a channel, or of a socket without channels | handles messages from the application |
//! | [`#[terminate]`](macro@terminate) | a function of a channel, or of a socket without channels | runs when the channel or the connection ends |
//! | [`#[assigns]`](macro@assigns) | a type in a module | is the state of that socket or channel |
//!
//! # Where to find what
//!
//! What every application names is here, and in the [`prelude`]. The rest is in modules:
//!
//! - [`options`]: what can be set, of mounts, transports and the server.
//! - [`server`] builds and serves an [`Endpoint`]; [`endpoint`] has what is heard of it outside of
//!   channels. [`cluster`] joins it with other nodes.
//! - [`presence`]: who is in a topic. [`token`] and [`session_cookie`]: who a client is.
//! - [`testing`]: a client without a network, for tests of channels.
//! - [`mod@channel`], [`mod@socket`], [`transport`] and [`serializer`]: the traits below the macros, to write
//!   channels, sockets, transports and encodings by hand.
//! - `phoenix`, with the feature of this name: tokens, cookies and messages of Phoenix itself.
//!
//! The guide is the book in the folder `book` of the repository: `mdbook serve book --open`. It begins
//! with a first application, and has a page for those who come from Phoenix.

#[doc(hidden)]
#[path = "private/mod.rs"]
pub mod __private;
pub mod channel;
pub mod cluster;
mod connect;
mod connection;
pub mod endpoint;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(any(test, hot_functions))]
#[doc(hidden)]
pub mod hot;
mod log;
mod message;
mod opaque;
pub mod options;
#[cfg(feature = "phoenix")]
pub mod phoenix;
pub mod prelude;
pub mod presence;
mod pubsub;
mod raw;
pub mod serializer;
pub mod server;
mod session;
pub mod session_cookie;
pub mod socket;
pub mod testing;
pub mod token;
pub mod transport;
mod wire;

#[doc = include_str!("docs/assigns.md")]
pub use phx_macros::assigns;
#[doc = include_str!("docs/channel.md")]
pub use phx_macros::channel;
#[doc = include_str!("docs/channels.md")]
pub use phx_macros::channels;
#[doc = include_str!("docs/connect.md")]
pub use phx_macros::connect;
#[doc = include_str!("docs/event.md")]
pub use phx_macros::event;
#[doc = include_str!("docs/handle_control.md")]
pub use phx_macros::handle_control;
#[doc = include_str!("docs/handle_in.md")]
pub use phx_macros::handle_in;
#[doc = include_str!("docs/handle_info.md")]
pub use phx_macros::handle_info;
#[doc = include_str!("docs/handle_out.md")]
pub use phx_macros::handle_out;
#[doc = include_str!("docs/id.md")]
pub use phx_macros::id;
#[doc = include_str!("docs/init.md")]
pub use phx_macros::init;
#[doc = include_str!("docs/join.md")]
pub use phx_macros::join;
#[doc = include_str!("docs/socket.md")]
pub use phx_macros::socket;
#[doc = include_str!("docs/terminate.md")]
pub use phx_macros::terminate;
pub use serde_json::json;

pub use crate::{
    channel::{
        joined::{JoinError, Joined},
        reply::{Next, Reply},
        reply_ref::ReplyRef,
        socket::Socket,
    },
    connect::{ConnectError, ConnectInfo, params::Params},
    endpoint::{handle::Endpoint, state::State},
    message::{Binary, Event, Fault, OrFault, Payload, Reason, Topic},
    presence::handle::Presence,
};
