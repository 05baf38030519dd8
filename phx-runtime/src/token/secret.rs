//! The secret of an endpoint, and random bytes.

use std::{fmt, sync::Arc};

use thiserror::Error;

/// Fewer bytes could be guessed. Phoenix draws the same line.
pub(super) const SHORTEST_SECRET: usize = 20;

/// Bytes that only the servers know, to sign [tokens](super::Token) with. Cheap to clone; its debug
/// form does not show it.
///
/// ```
/// use phx_runtime::token::Secret;
///
/// let secret = Secret::from("at least twenty bytes of secret");
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// ```
///
/// Phoenix counterpart: `secret_key_base`.
#[derive(Clone)]
pub struct Secret(Arc<[u8]>);

impl Secret {
    /// A secret that nobody knows but this process.
    pub(crate) fn random() -> Result<Self, RandomError> {
        Ok(Self(random::<32>()?.as_slice().into()))
    }

    /// Whether it can be signed with.
    pub(crate) fn is_long_enough(&self) -> bool {
        self.0.len() >= SHORTEST_SECRET
    }
}

impl AsRef<[u8]> for Secret {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// What can be a [`Secret`]: text and bytes, owned or borrowed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no secret",
    label = "expected a text or bytes",
    note = "a secret is at least 20 bytes that nobody can guess, kept outside of the source: \
            `std::env::var(\"SECRET_KEY_BASE\")?`"
)]
pub trait SecretBytes: Into<Secret> {}

#[diagnostic::do_not_recommend]
impl<T: Into<Secret>> SecretBytes for T {}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Self(secret.as_bytes().into())
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self(secret.into_bytes().into())
    }
}

impl From<&String> for Secret {
    fn from(secret: &String) -> Self {
        secret.as_str().into()
    }
}

impl<const N: usize> From<[u8; N]> for Secret {
    fn from(secret: [u8; N]) -> Self {
        secret.as_slice().into()
    }
}

impl<const N: usize> From<&[u8; N]> for Secret {
    fn from(secret: &[u8; N]) -> Self {
        secret.as_slice().into()
    }
}

impl From<&[u8]> for Secret {
    fn from(secret: &[u8]) -> Self {
        Self(secret.into())
    }
}

impl From<Vec<u8>> for Secret {
    fn from(secret: Vec<u8>) -> Self {
        Self(secret.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The operating system gives no random numbers.
#[derive(Clone, Copy, Debug, Error)]
#[error("the operating system gives no random numbers: {0}")]
pub(crate) struct RandomError(getrandom::Error);

/// Random bytes that nobody can foretell.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(RandomError)?;
    Ok(bytes)
}
