//! The tokens of `Plug.CSRFProtection`: proof that a request comes from a page of the application.
//!
//! The session keeps a state of 24 characters; a page is given it under a mask that is new each
//! time, 56 characters, and its script sends that as the connection parameter `_csrf_token`.

use subtle::ConstantTimeEq;

use super::envelope::BASE64;
use crate::token::random;
use base64::Engine;

/// The key of the session under which Plug keeps the state.
pub const SESSION_KEY: &str = "_csrf_token";

/// 18 bytes in Base64.
const STATE: usize = 24;
/// The state under the mask, in Base64.
const HIDDEN: usize = 32;

/// The operating system gives no random numbers.
#[derive(Clone, Debug, thiserror::Error)]
#[error("no CSRF token can be made: {0}")]
pub struct RandomError(String);

/// A new state for a session, to be kept under [`SESSION_KEY`].
///
/// # Errors
///
/// The operating system gives no random numbers.
pub fn new_state() -> Result<String, RandomError> {
    let bytes = random::<18>().map_err(|error| RandomError(error.to_string()))?;
    Ok(BASE64.encode(bytes))
}

/// A token for a page whose session has this state, new each time; none if it is no state.
///
/// # Errors
///
/// The operating system gives no random numbers.
///
/// Phoenix counterpart: `Plug.CSRFProtection.get_csrf_token/0`.
pub fn masked(state: &str) -> Result<Option<String>, RandomError> {
    let mask = new_state()?;
    let masked = hidden(state, &mask).map(|hidden| BASE64.encode(hidden) + &mask);
    Ok(masked)
}

/// Whether a token was made from this state. Compared in constant time.
///
/// Phoenix counterpart: `Plug.CSRFProtection.valid_state_and_csrf_token?/2`.
pub fn belongs(token: &str, state: &str) -> bool {
    let Some((hidden_state, mask)) = token.split_at_checked(HIDDEN) else { return false };
    let (Some(expected), Ok(given)) = (hidden(state, mask), BASE64.decode(hidden_state)) else {
        return false;
    };
    expected.ct_eq(&*given).into()
}

/// The characters of a state, each under one of the mask.
fn hidden(state: &str, mask: &str) -> Option<[u8; STATE]> {
    let state: [u8; STATE] = state.as_bytes().try_into().ok()?;
    let mask: [u8; STATE] = mask.as_bytes().try_into().ok()?;
    let mut hidden = state;
    hidden.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    Some(hidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE_OF_PLUG: &str = "QsFWd3XqXgq2pYJ1-Ld0_4Zk";
    const TOKEN_OF_PLUG: &str = "M0YFNDQBbAA1BERUO2gyZBkBXVYRdS4ub5CcP24qmc5fK1xU4M9fNAtE";

    #[test]
    fn tokens_of_plug_belong_to_their_session() {
        assert!(belongs(TOKEN_OF_PLUG, STATE_OF_PLUG));
        let other = "zzFWd3XqXgq2pYJ1-Ld0_4Zz";
        assert!(!belongs(TOKEN_OF_PLUG, other));
        for bad in ["", "bad", STATE_OF_PLUG, &TOKEN_OF_PLUG[1..], &TOKEN_OF_PLUG.repeat(2)] {
            assert!(!belongs(bad, STATE_OF_PLUG), "{bad}");
        }
        for at in 0..TOKEN_OF_PLUG.len() {
            let replacement = if TOKEN_OF_PLUG.as_bytes()[at] == b'A' { "B" } else { "A" };
            let mut changed = TOKEN_OF_PLUG.to_owned();
            changed.replace_range(at..=at, replacement);
            assert!(!belongs(&changed, STATE_OF_PLUG), "{changed}");
        }
        assert!(!belongs(&"ä".repeat(28), STATE_OF_PLUG));
        assert!(!belongs("", ""));
    }

    #[test]
    fn every_token_of_a_session_differs_and_belongs_to_it_alone() {
        let (state, other) = (new_state().unwrap(), new_state().unwrap());
        let token = || masked(&state).unwrap().unwrap();
        let (a, b) = (token(), token());
        assert_eq!((state.len(), a.len()), (24, 56));
        assert_ne!(a, b);
        for token in [&a, &b] {
            assert!(belongs(token, &state));
            assert!(!belongs(token, &other));
        }
        assert_eq!(masked("no state").unwrap(), None);
    }
}
