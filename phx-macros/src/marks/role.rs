//! What a function can be for.

use proc_macro2::Ident;

/// What a function is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Connect,
    Id,
    Join,
    HandleIn,
    HandleOut,
    HandleInfo,
    Terminate,
    /// The others are of sockets without channels.
    RawInit,
    RawIn,
    RawControl,
    RawInfo,
    RawTerminate,
}

/// The macro that a role belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    Socket,
    Channel,
}

/// The marks of each of the two macros.
pub(super) const ROLES: &[(&str, Home, Role)] = &[
    ("connect", Home::Socket, Role::Connect),
    ("id", Home::Socket, Role::Id),
    ("init", Home::Socket, Role::RawInit),
    ("handle_in", Home::Socket, Role::RawIn),
    ("handle_control", Home::Socket, Role::RawControl),
    ("handle_info", Home::Socket, Role::RawInfo),
    ("terminate", Home::Socket, Role::RawTerminate),
    ("join", Home::Channel, Role::Join),
    ("handle_in", Home::Channel, Role::HandleIn),
    ("handle_out", Home::Channel, Role::HandleOut),
    ("handle_info", Home::Channel, Role::HandleInfo),
    ("terminate", Home::Channel, Role::Terminate),
];

/// Whether a word is a mark.
pub(super) fn is_mark(word: &Ident) -> bool {
    ROLES.iter().any(|(name, _, _)| word == name)
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        ROLES.iter().find(|(_, _, role)| *role == self).map_or("", |(name, _, _)| name)
    }

    /// What has a mark of this name, and how that is written.
    pub(crate) fn homes(self) -> [&'static str; 2] {
        let is_in =
            |wanted| ROLES.iter().any(|(name, home, _)| *name == self.name() && *home == wanted);
        match (is_in(Home::Channel), is_in(Home::Socket)) {
            (true, true) => [
                "a channel, or in a socket without channels",
                "`#[channel(\"room:*\")]` or `#[socket(\"/socket\", websocket)]`",
            ],
            (true, false) => ["a channel", "`#[channel(\"room:*\")]`"],
            (false, _) => ["a socket", "`#[socket(\"/socket\", websocket)]`"],
        }
    }

    /// Whether the function is called with what arrives at a socket without channels.
    pub(crate) fn is_raw(self) -> bool {
        matches!(
            self,
            Self::RawInit | Self::RawIn | Self::RawControl | Self::RawInfo | Self::RawTerminate
        )
    }

    /// Whether the function makes the state, rather than being called on it.
    pub(crate) fn makes_state(self) -> bool {
        matches!(self, Self::Connect | Self::Join)
    }
}

impl Home {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Socket => "socket",
            Self::Channel => "channel",
        }
    }

    pub(super) fn other(self) -> Self {
        match self {
            Self::Socket => Self::Channel,
            Self::Channel => Self::Socket,
        }
    }

    /// The role without which the item is incomplete.
    pub(crate) fn constructor(self) -> Role {
        match self {
            Self::Socket => Role::Connect,
            Self::Channel => Role::Join,
        }
    }
}
