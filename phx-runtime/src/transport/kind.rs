//! Which transports there are.

use std::fmt;

/// Which transport carries a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportKind {
    /// WebSocket.
    WebSocket,
    /// HTTP requests that wait for messages.
    LongPoll,
    /// A transport outside of this crate.
    Custom(&'static str),
}

impl TransportKind {
    /// The name that Phoenix uses: `websocket`, `longpoll`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::LongPoll => "longpoll",
            Self::Custom(name) => name,
        }
    }
}

impl fmt::Display for TransportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
