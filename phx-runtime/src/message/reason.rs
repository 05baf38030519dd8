//! Why a channel ended.

use std::{fmt, ops::Deref, sync::Arc};

/// Why a channel ends; given to `#[terminate]`, and by handlers that stop their channel.
///
/// ```
/// use phx_runtime::Reason;
///
/// assert!(Reason::Left.is_graceful());
/// assert!(!Reason::failed("the database is gone").is_graceful());
/// ```
///
/// Phoenix counterparts: `:normal`, `:shutdown`, `{:shutdown, :left}` and so on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// A handler stopped the channel, as with Phoenix's `:normal`. The client gets `phx_close`.
    Normal,
    /// A handler stopped the channel because its work is over (`:shutdown`). The client gets
    /// `phx_close`.
    Shutdown,
    /// The client left the topic.
    Left,
    /// The client closed the connection, as clients do that go: without a text, and with code 1000,
    /// 1001 or none.
    Closed,
    /// The client closed the connection and said why.
    ClosedWith {
        /// The code of its close frame; 1005 if there was none.
        code: u16,
        /// Its words; at most 123 bytes over WebSocket, and often none.
        text: Arc<str>,
    },
    /// The connection broke or ended without a close, or its transport went away.
    Lost,
    /// The connection was ended by a `disconnect` of its id.
    Disconnected,
    /// The connection was quiet for too long.
    Inactive,
    /// The server is going away.
    Draining,
    /// The client joined the topic again; the new channel takes over. Nothing that the old one
    /// still pushes reaches the client.
    Replaced,
    /// A handler failed or stopped the channel with an error. The client gets `phx_error` without
    /// this text and joins again.
    Failed(Why),
}

impl Reason {
    /// A failure, described for the log. Nothing of it reaches the client.
    pub fn failed(why: impl fmt::Display) -> Self {
        Self::Failed(Why(why.to_string().into()))
    }

    /// Whether the client is told `phx_close` (rather than `phx_error`) if a handler stops its
    /// channel for this reason.
    pub const fn is_graceful(&self) -> bool {
        !matches!(self, Self::Failed(_))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClosedWith { code, text } if text.is_empty() => {
                return write!(f, "closed with code {code}");
            }
            Self::ClosedWith { code, text } => {
                return write!(f, "closed with code {code}: {text}");
            }
            Self::Lost => "lost",
            Self::Normal => "normal",
            Self::Shutdown => "shutdown",
            Self::Left => "left",
            Self::Closed => "closed",
            Self::Disconnected => "disconnected",
            Self::Inactive => "inactive",
            Self::Draining => "draining",
            Self::Replaced => "replaced",
            Self::Failed(why) => why,
        })
    }
}

/// What can say why a client is refused: `&str`, `String`, and whatever else is a text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no text that says why",
    label = "expected a text",
    note = "to refuse a join with any response, `JoinError::with(value)`; to refuse a connection with more, \
            `ConnectError::new(\"why\").status(429).body(\"text\")`"
)]
pub trait ReasonText: AsRef<str> {}

#[diagnostic::do_not_recommend]
impl<T: AsRef<str> + ?Sized> ReasonText for T {}

/// What a failed channel says of its failure, for the log: text.
#[derive(Clone, PartialEq, Eq)]
pub struct Why(Arc<str>);

impl Deref for Why {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// What `#[terminate]` can take as its first owned argument.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not why a channel ends",
    label = "expected `Reason`",
    note = "the first owned argument of `#[terminate]` is the `Reason`; write `_: Reason` first to ignore it and take other owned arguments"
)]
pub trait FromReason {
    /// The reason as the callback takes it.
    fn from_reason(reason: Reason) -> Self;
}

impl FromReason for Reason {
    fn from_reason(reason: Reason) -> Self {
        reason
    }
}
