//! How old a token may be, and how far clocks may disagree.

use std::time::Duration;

use super::error::TokenError;

/// How long a token is good for.
///
/// ```
/// use std::time::Duration;
/// use phx_runtime::token::{Token, TokenAge};
///
/// let secret = "at least twenty bytes of secret";
/// let token = Token::sign(secret, "user socket", &42)?;
///
/// let age = TokenAge::at_most(Duration::from_hours(24)).leeway(Duration::from_secs(5));
/// let user: u64 = Token::verify(secret, "user socket", &token, age)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenAge {
    max: Duration,
    leeway: Duration,
}

impl TokenAge {
    /// How far the clocks of servers are taken to disagree, where nothing else is said.
    pub(crate) const LEEWAY: Duration = Duration::from_mins(1);

    /// From when it was signed until so long after. Zero accepts nothing, [`Duration::MAX`] sets no
    /// limit.
    pub const fn at_most(age: Duration) -> Self {
        Self { max: age, leeway: Self::LEEWAY }
    }

    /// How far in the future a token may have been signed, because the clock of the server that did
    /// is ahead; 60 s by default. It does not make a token live longer.
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Whether every token is too old.
    pub(crate) const fn accepts_nothing(self) -> bool {
        self.max.is_zero()
    }

    /// Whether a token that was signed at `time` counts `now`, both in milliseconds.
    pub(super) fn check(self, time: u64, now: u64) -> Result<(), TokenError> {
        if u128::from(time.saturating_sub(now)) > self.leeway.as_millis() {
            return Err(TokenError::Invalid);
        }
        let age = now.saturating_sub(time);
        if self.accepts_nothing() || u128::from(age) > self.max.as_millis() {
            return Err(TokenError::Expired);
        }
        Ok(())
    }
}

/// What can say how old a token may be: a [`Duration`] or a [`TokenAge`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how old a token may be",
    label = "expected a `Duration`",
    note = "`Duration::from_secs(86_400)` is a day, `Duration::MAX` sets no limit"
)]
pub trait MaxTokenAge: Into<TokenAge> {}

#[diagnostic::do_not_recommend]
impl<T: Into<TokenAge>> MaxTokenAge for T {}

impl From<Duration> for TokenAge {
    fn from(max: Duration) -> Self {
        Self::at_most(max)
    }
}
