//! The versions of the protocol that today's clients speak.

use std::fmt;

/// A version of the channels protocol that is built in.
///
/// Phoenix counterparts: `Phoenix.Socket.V1.JSONSerializer`, `Phoenix.Socket.V2.JSONSerializer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// `1.0.x`: messages are JSON objects.
    V1,
    /// `2.0.x`: messages are JSON arrays, and there are binary messages.
    V2,
}

impl Version {
    /// The newest, which current clients speak. Phoenix counterpart:
    /// `Phoenix.Socket.Transport.protocol_version/0`.
    pub const LATEST: Self = Self::V2;

    /// What a client speaks that does not say.
    pub(crate) const UNSTATED: &str = "1.0.0";

    pub(crate) const fn index(self) -> usize {
        match self {
            Self::V1 => 0,
            Self::V2 => 1,
        }
    }

    pub(crate) const ALL: usize = 2;
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "1.0.0",
            Self::V2 => "2.0.0",
        })
    }
}
