//! Values that cannot be signed, and tokens that are not accepted.

use thiserror::Error;

use super::secret::SHORTEST_SECRET;

/// A value that cannot be signed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignError {
    /// The secret has fewer than 20 bytes.
    #[error("the secret is too short to sign with: it needs at least {SHORTEST_SECRET} bytes")]
    Secret,
    /// The value has no JSON form.
    #[error("the value of a token cannot be written as JSON")]
    Value(#[source] serde_json::Error),
}

impl SignError {
    /// A word for it in metrics and logs: `secret` or `value`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Value(_) => "value",
        }
    }
}

/// A token that is not accepted.
///
/// In `#[connect]` and `#[join]` it converts with `?` into a refusal. A secret that is too short is
/// the server's own mistake and becomes a fault instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It was signed longer ago than allowed.
    #[error("the token has expired")]
    Expired,
    /// It was not signed with this secret and salt, was changed, is from the future, or holds
    /// another kind of value.
    #[error("the token is invalid")]
    Invalid,
    /// The secret has fewer than 20 bytes, so nothing can have been signed with it.
    #[error("the secret is too short to verify with: it needs at least {SHORTEST_SECRET} bytes")]
    Secret,
}

impl TokenError {
    /// A word for it in metrics and logs: `expired`, `invalid` or `secret`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Invalid => "invalid",
            Self::Secret => "secret",
        }
    }
}
