//! Proof that a request comes from a page of the application: what another site's page, whose
//! requests carry the user's cookies just the same, cannot read.
//!
//! The session has a random state; a page is given that state under a mask which is new each time,
//! so that no attack on compressed pages can guess it piece by piece.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;

use crate::token::{RandomError, random};

const SIZE: usize = 18;

/// What a session keeps.
pub(crate) fn new_state() -> Result<String, RandomError> {
    Ok(URL_SAFE_NO_PAD.encode(random::<SIZE>()?))
}

/// What a page is given; none if `state` is no state.
pub(crate) fn masked(state: &str) -> Option<Result<String, RandomError>> {
    let state: [u8; SIZE] = decode(state)?;
    Some(random::<SIZE>().map(|mask| URL_SAFE_NO_PAD.encode([mask, xor(mask, state)].concat())))
}

/// Whether a token was made from this state.
pub(crate) fn belongs(token: &str, state: &str) -> bool {
    let (Some(token), Some(state)) = (decode::<{ 2 * SIZE }>(token), decode::<SIZE>(state)) else {
        return false;
    };
    let (mut mask, mut hidden) = ([0; SIZE], [0; SIZE]);
    mask.copy_from_slice(&token[..SIZE]);
    hidden.copy_from_slice(&token[SIZE..]);
    xor(mask, hidden).ct_eq(&state).into()
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

fn xor(mut a: [u8; SIZE], b: [u8; SIZE]) -> [u8; SIZE] {
    a.iter_mut().zip(b).for_each(|(a, b)| *a ^= b);
    a
}

#[cfg(test)]
mod tests {
    use super::{belongs, masked, new_state};

    #[test]
    fn every_token_of_a_session_differs_and_belongs_to_it_alone() {
        let (state, other) = (new_state().unwrap(), new_state().unwrap());
        let token = || masked(&state).unwrap().unwrap();
        let (a, b) = (token(), token());
        assert_ne!(a, b);
        for token in [&a, &b] {
            assert!(belongs(token, &state));
            assert!(!belongs(token, &other));
        }
    }

    #[test]
    fn changed_tokens_belong_to_nobody() {
        let state = new_state().unwrap();
        let token = masked(&state).unwrap().unwrap();
        for bad in ["", "bad", &state, &token[1..], &format!("{token}A"), &format!("{token}=")] {
            assert!(!belongs(bad, &state), "{bad}");
        }
        for at in 0..token.len() {
            let replacement = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
            let mut changed = token.clone();
            changed.replace_range(at..=at, replacement);
            assert!(!belongs(&changed, &state), "{changed}");
        }
        assert!(!belongs(&token, ""));
        assert!(masked("").is_none());
    }
}
