//! The cookies of `Plug.Session.COOKIE`.

use std::{num::NonZeroU32, sync::Arc};

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map as JsonMap, Value};
use thiserror::Error;

use super::{
    envelope,
    keys::{KeyDigest, Keys, SHORTEST_SECRET},
    term::{SerdeError, Term, from_term, to_term},
};
use crate::{log, token::Secret};

/// The value of the cookie in which Plug keeps a session.
///
/// ```
/// use std::collections::HashMap;
/// use phx_runtime::phoenix::{SessionCookie, Term};
///
/// # let secret_key_base = "at least twenty bytes of secret";
/// // plug Plug.Session, store: :cookie, key: "_my_app_key", signing_salt: "aB3dE5gH"
/// let cookie = SessionCookie::signed(secret_key_base, "aB3dE5gH");
/// // …, encryption_salt: "zY8xW6vU"
/// let cookie_that_is_encrypted = SessionCookie::encrypted(secret_key_base, "zY8xW6vU");
///
/// let value = cookie.write(&HashMap::from([("user_id", 42)]))?;
/// let session: HashMap<String, Term> = cookie.read(&value).unwrap_or_default();
/// assert_eq!(session["user_id"].as_i64(), Some(42));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The key is derived when it is first used, and kept. A session is a map with strings as keys; its
/// values are any terms.
///
/// Phoenix counterpart: `Plug.Session.COOKIE`.
#[derive(Clone, Debug)]
pub struct SessionCookie {
    keys: Arc<Keys>,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Signed,
    Encrypted,
}

/// A session that no cookie can be made of.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CookieError {
    /// The secret has fewer than 20 bytes.
    #[error("the secret is too short: it needs at least {SHORTEST_SECRET} bytes")]
    Secret,
    /// The length of the key is not 32, with which alone can be encrypted.
    #[error("keys to encrypt with have 32 bytes, not {0}")]
    KeyLength(usize),
    /// The session is no term.
    #[error("the session cannot be a term: {0}")]
    Value(#[from] SerdeError),
    /// Plug reads maps with strings as keys only.
    #[error("a session is a map with strings as keys")]
    Map,
    /// The operating system gives no random numbers.
    #[error("the session cannot be encrypted: {0}")]
    Random(String),
}

impl CookieError {
    /// A word for it in metrics and logs: the variant's name, such as `secret`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::KeyLength(..) => "key_length",
            Self::Value(..) => "value",
            Self::Map => "map",
            Self::Random(..) => "random",
        }
    }
}

impl SessionCookie {
    /// Cookies that their owner can read, for `signing_salt` without `encryption_salt`.
    pub fn signed(secret_key_base: impl Into<Secret>, signing_salt: impl Into<String>) -> Self {
        let keys = Arc::new(Keys::new(secret_key_base.into(), signing_salt.into()));
        Self { keys, form: Form::Signed }
    }

    /// Cookies that nobody can read, for `encryption_salt`. The `signing_salt` beside it does
    /// nothing.
    pub fn encrypted(
        secret_key_base: impl Into<Secret>,
        encryption_salt: impl Into<String>,
    ) -> Self {
        let keys = Arc::new(Keys::new(secret_key_base.into(), encryption_salt.into()));
        Self { keys, form: Form::Encrypted }
    }

    /// Reads cookies of another secret too; may be called several times.
    pub fn also_accept(mut self, secret_key_base: impl Into<Secret>) -> Self {
        self.keys_mut().secrets.push(secret_key_base.into());
        self
    }

    /// The digest with which keys are derived. Phoenix counterpart: `key_digest`.
    pub fn key_digest(mut self, digest: KeyDigest) -> Self {
        self.keys_mut().digest = digest;
        self
    }

    /// How often the digest is applied when a key is derived; 1,000 times by default. Phoenix
    /// counterpart: `key_iterations`.
    pub fn key_iterations(mut self, iterations: NonZeroU32) -> Self {
        self.keys_mut().iterations = iterations.get();
        self
    }

    /// How many bytes keys have; 32 by default. Phoenix counterpart: `key_length`.
    pub fn key_length(mut self, bytes: usize) -> Self {
        self.keys_mut().length = bytes;
        self
    }

    /// The session in a cookie. None if it was not made with this secret and salt, was changed, or
    /// is of another type: to Plug that is an empty session, too.
    pub fn read<T: DeserializeOwned>(&self, value: &str) -> Option<T> {
        let keys = self.keys.derived()?;
        let plain = match self.form {
            Form::Signed => envelope::verify(keys, value),
            Form::Encrypted => envelope::decrypt(keys, value),
        };
        let session = Term::decode(Bytes::from(plain?)).ok()?;
        session.as_map()?;
        from_term(&session).ok()
    }

    /// The cookie's value for a session.
    ///
    /// # Errors
    ///
    /// See [`CookieError`]. How large it may be is the browser's business: 4,096 bytes with the
    /// cookie's name.
    pub fn write<T: Serialize + ?Sized>(&self, session: &T) -> Result<String, CookieError> {
        let key = self.keys.derived().and_then(<[_]>::first).ok_or(CookieError::Secret)?;
        let session = to_term(session)?;
        let keys = session.as_map().ok_or(CookieError::Map)?.iter().map(|(key, _)| key);
        if !keys.map(Term::as_text).all(|key| key.is_some()) {
            return Err(CookieError::Map);
        }
        let plain = session.encode();
        match self.form {
            Form::Signed => Ok(envelope::sign(key, &plain)),
            Form::Encrypted => {
                let value = envelope::encrypt(key, &plain);
                let value = value.ok_or(CookieError::KeyLength(self.keys.length))?;
                value.map_err(|error| CookieError::Random(error.to_string()))
            }
        }
    }

    /// The session as JSON, without the values that have none.
    pub(crate) fn read_json(&self, value: &str) -> Option<JsonMap<String, Value>> {
        let session: Term = self.read(value)?;
        let json = |(key, value): (&Term, &Term)| {
            let key = key.as_text()?;
            match value.to_json() {
                Ok(json) => Some((key.to_owned(), serde_json::from_str(&json).ok()?)),
                Err(error) => {
                    log::session_value_left_out(key, error);
                    None
                }
            }
        };
        Some(session.as_map()?.iter().filter_map(json).collect())
    }

    fn keys_mut(&mut self) -> &mut Keys {
        let keys = Arc::make_mut(&mut self.keys);
        keys.forget();
        keys
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    const SECRET: &str =
        "interop-cookie-secret-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP";
    const SIGNED: &str = "SFMyNTY.g3QAAAACbQAAAAtfY3NyZl90b2tlbm0AAAAYUXNGV2QzWHFYZ3EycFlKMS1MZDB\
                          fNFprbQAAAAd1c2VyX2lkYSo.WlPR-7vP9xOmYT-7uiC-cGoqb2tx9ZzXoqka_xN-WK8";
    const ENCRYPTED: &str = "XCP.TvlwMOBsILJpoftMoDs_3N5VNIcPA4Qn98mpf-GGNiu85jkRirohWvVujI1hjQTi\
                             ittIyNjM-IFhZiPj06L5El3UxEJ6QAIKkdNGZhKEgHzYCOCdImWDz3nW3-awo1ajJ6EM\
                             ymH41qrH";

    fn signed() -> SessionCookie {
        SessionCookie::signed(SECRET, "aB3dE5gH")
    }

    fn encrypted() -> SessionCookie {
        SessionCookie::encrypted(SECRET, "zY8xW6vU")
    }

    #[test]
    fn cookies_of_plug_are_read_and_made() {
        let session = json!({"_csrf_token": "QsFWd3XqXgq2pYJ1-Ld0_4Zk", "user_id": 42});
        assert_eq!(signed().read::<Value>(SIGNED), Some(session.clone()));
        assert_eq!(encrypted().read::<Value>(ENCRYPTED), Some(session.clone()));
        assert_eq!(signed().write(&session).unwrap(), SIGNED);
        let value = encrypted().write(&session).unwrap();
        assert_eq!(encrypted().read::<Value>(&value), Some(session));
    }

    #[test]
    fn a_cookie_of_another_kind_or_secret_is_none() {
        assert_eq!(signed().read::<Value>(ENCRYPTED), None);
        assert_eq!(encrypted().read::<Value>(SIGNED), None);
        assert_eq!(SessionCookie::signed(SECRET, "other").read::<Value>(SIGNED), None);
        let other = "another secret of more than 20 bytes";
        assert_eq!(SessionCookie::signed(other, "aB3dE5gH").read::<Value>(SIGNED), None);
        let both = SessionCookie::signed(other, "aB3dE5gH").also_accept(SECRET);
        assert!(both.read::<Value>(SIGNED).is_some());
        assert_eq!(signed().read::<Value>(""), None);
        assert_eq!(signed().read::<Value>(&SIGNED[1..]), None);
        assert_eq!(SessionCookie::signed("short", "aB3dE5gH").read::<Value>(SIGNED), None);
    }

    #[test]
    fn only_maps_with_strings_as_keys_are_sessions() {
        assert!(matches!(signed().write(&7), Err(CookieError::Map)));
        assert!(matches!(signed().write(&BTreeMap::from([(1, 2)])), Err(CookieError::Map)));
        let short = SessionCookie::signed("short", "salt");
        assert!(matches!(short.write(&json!({})), Err(CookieError::Secret)));
        let long = encrypted().key_length(64);
        assert!(matches!(long.write(&json!({})), Err(CookieError::KeyLength(64))));
    }
}
