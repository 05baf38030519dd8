//! What a function can be for.

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
}

/// The macro that a role belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    Socket,
    Channel,
}

pub(super) const ROLES: &[(&str, Role)] = &[
    ("connect", Role::Connect),
    ("id", Role::Id),
    ("join", Role::Join),
    ("handle_in", Role::HandleIn),
    ("handle_out", Role::HandleOut),
    ("handle_info", Role::HandleInfo),
    ("terminate", Role::Terminate),
];

impl Role {
    pub(crate) fn name(self) -> &'static str {
        ROLES.iter().find(|(_, role)| *role == self).map_or("", |(name, _)| name)
    }

    pub(crate) fn home(self) -> Home {
        match self {
            Self::Connect | Self::Id => Home::Socket,
            _ => Home::Channel,
        }
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

    /// The role without which the item is incomplete.
    pub(crate) fn constructor(self) -> Role {
        match self {
            Self::Socket => Role::Connect,
            Self::Channel => Role::Join,
        }
    }
}
