//! Beside Phoenix: its tokens, its session cookies, and the messages of its `PubSub`.
//!
//! With the feature `phoenix` a server reads and writes what Phoenix does, byte by byte, so that
//! users who logged in at a Phoenix application connect here:
//!
//! ```
//! use phx_runtime::{ConnectError, phoenix};
//!
//! # let secret_key_base = "at least twenty bytes of secret";
//! let tokens = phoenix::Token::new(secret_key_base, "user socket");
//!
//! // In `#[connect]`, with the token of `Phoenix.Token.sign(MyAppWeb.Endpoint, "user socket", id)`:
//! fn connect(tokens: &phoenix::Token, token: Option<&str>) -> Result<u64, ConnectError> {
//!     Ok(tokens.verify(token)?)
//! }
//!
//! let token = tokens.sign(&42)?;
//! assert_eq!(connect(&tokens, Some(&token))?, 42);
//! assert!(connect(&tokens, None).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`Token`] makes and reads the tokens of `Phoenix.Token`.
//! - [`SessionCookie`] reads and writes the cookies of `Plug.Session`, [`csrf`] its tokens against
//!   requests of other sites.
//! - [`Builder::cluster`](crate::server::Builder::cluster) with `phoenix+redis://..` makes the endpoint a
//!   node of a Phoenix cluster, which hears broadcasts, is heard, and has a part in its presences.
//! - [`PubSubMessage`] is what the nodes of a Phoenix cluster publish over Redis,
//!   [`TrackerMessage`] what their presences say to each other.
//! - [`Term`] is what all of these carry: a value of Erlang, in its External Term Format.

mod cookie;
pub mod csrf;
mod envelope;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod keys;
#[cfg(feature = "redis")]
mod node;
mod pubsub;
mod term;
mod token;
mod tracker;

#[cfg(feature = "redis")]
pub use self::node::node;
pub use self::{
    cookie::{CookieError, SessionCookie},
    keys::KeyDigest,
    pubsub::{Broadcast, BroadcastPayload, Content, MessageError, NodeName, PubSubMessage, Target},
    term::{
        Atom, AtomError, DuplicateKey, Float, FromJsonError, ImproperList, Integer, Limits, Map,
        NoJson, OtherTerm, Pid, ReadError, Reference, SerdeError, Term, from_term, to_term,
    },
    token::{MaxAge, SignError, Token, TokenError},
    tracker::{
        Clocks, Replica, Tag, Tracked, TrackerError, TrackerMessage, TrackerState, Transfer,
    },
};
#[cfg(feature = "redis")]
pub(crate) use self::{
    node::{BothWays, Membership, PhoenixNode, is_phoenix},
    tracker::{Change as PresenceChange, Presences, Shards, Shown},
};
