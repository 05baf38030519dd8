//! Signed tokens: what the server gave to a client, and recognizes when it comes back.

mod age;
mod error;
mod secret;
mod value;

pub(crate) use self::secret::{RandomError, random};
pub use self::{
    age::{MaxTokenAge, TokenAge},
    error::{SignError, TokenError},
    secret::{Secret, SecretBytes},
    value::{FromToken, TokenValue},
};

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use serde::de::DeserializeOwned;
use sha2::Sha256;

use self::secret::SHORTEST_SECRET;

/// What the derived key is for. A later format takes another name, so that tokens of one are
/// nothing to the other.
const PURPOSE: &[u8] = b"phx token 1";

/// Signs values that clients carry and must not change, such as who they are.
///
/// A page that knows its user renders a token into its HTML; the client sends it as a connection
/// parameter, and `#[connect]` verifies it. The value is signed, not encrypted: whoever has the
/// token can read it.
///
/// ```
/// use std::time::Duration;
/// use phx_runtime::token::Token;
///
/// let secret = "at least twenty bytes of secret";
/// let token = Token::sign(secret, "user socket", &42)?;
///
/// let day = Duration::from_hours(24);
/// let user: u64 = Token::verify(secret, "user socket", &token, day)?;
/// assert_eq!(user, 42);
/// assert!(Token::verify::<u64>(secret, "password reset", &token, day).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The secret is usually the endpoint's own, [`Endpoint::secret`](crate::Endpoint::secret). The salt
/// names what the token is for: a token made for one thing is invalid for another. It is no secret.
///
/// A token is the URL-safe Base64 of the JSON array `[time, value]`, a dot, and the URL-safe Base64
/// of its HMAC-SHA256, both without padding. The key is derived from secret and salt by HKDF.
///
/// Phoenix counterpart: `Phoenix.Token`, whose tokens carry Erlang terms and are not
/// interchangeable with these.
#[derive(Clone, Copy, Debug)]
pub struct Token;

impl Token {
    /// Signs a value, with the present time in it.
    ///
    /// # Errors
    ///
    /// The secret is too short, or the value has no JSON form.
    pub fn sign(
        secret: impl AsRef<[u8]>,
        salt: impl AsRef<[u8]>,
        value: &impl TokenValue,
    ) -> Result<String, SignError> {
        Self::sign_at(secret, salt, value, SystemTime::now())
    }

    /// Signs a value as of another time, from which its age counts.
    ///
    /// # Errors
    ///
    /// As [`sign`](Self::sign). A time before 1970 counts as 1970.
    ///
    /// Phoenix counterpart: the option `signed_at`.
    pub fn sign_at(
        secret: impl AsRef<[u8]>,
        salt: impl AsRef<[u8]>,
        value: &impl TokenValue,
        time: SystemTime,
    ) -> Result<String, SignError> {
        let mut mac = keyed(secret.as_ref(), salt.as_ref()).ok_or(SignError::Secret)?;
        let json = serde_json::to_vec(&(milliseconds(time), value)).map_err(SignError::Value)?;
        let mut token = URL_SAFE_NO_PAD.encode(json);
        mac.update(token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(mac.finalize().into_bytes(), &mut token);
        Ok(token)
    }

    /// The value of a token that was signed with this secret and salt, and is not too old.
    ///
    /// `max_age` is a [`Duration`](std::time::Duration), or a [`TokenAge`] that says how far clocks
    /// may disagree: a token from the future is invalid, unless it is so by less than 60 s, as one
    /// from a server whose clock is ahead. A greatest age of zero accepts nothing,
    /// [`Duration::MAX`](std::time::Duration::MAX) sets no limit. Times are compared in milliseconds.
    ///
    /// # Errors
    ///
    /// See [`TokenError`].
    pub fn verify<T: FromToken>(
        secret: impl AsRef<[u8]>,
        salt: impl AsRef<[u8]>,
        token: impl AsRef<str>,
        max_age: impl MaxTokenAge,
    ) -> Result<T, TokenError> {
        Verifier::new(secret.as_ref(), salt.as_ref(), max_age.into())?.verify(token.as_ref())
    }
}

/// Verifies any number of tokens with a key that is derived once.
pub(crate) struct Verifier {
    key: Hmac<Sha256>,
    age: TokenAge,
}

impl Verifier {
    /// # Errors
    ///
    /// The secret is too short.
    pub(crate) fn new(secret: &[u8], salt: &[u8], age: TokenAge) -> Result<Self, TokenError> {
        let key = keyed(secret, salt).ok_or(TokenError::Secret)?;
        Ok(Self { key, age })
    }

    pub(crate) fn verify<T: DeserializeOwned>(&self, token: &str) -> Result<T, TokenError> {
        let mut mac = self.key.clone();
        let (signed, tag) = token.split_once('.').ok_or(TokenError::Invalid)?;
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| TokenError::Invalid)?;
        mac.update(signed.as_bytes());
        // Takes the same time wherever the difference is.
        mac.verify_slice(&tag).map_err(|_| TokenError::Invalid)?;
        let json = URL_SAFE_NO_PAD.decode(signed).map_err(|_| TokenError::Invalid)?;
        let (time, value): (u64, T) =
            serde_json::from_slice(&json).map_err(|_| TokenError::Invalid)?;
        self.age.check(time, milliseconds(SystemTime::now()))?;
        Ok(value)
    }
}

/// The signature of one secret and salt, or nothing if the secret is too short.
fn keyed(secret: &[u8], salt: &[u8]) -> Option<Hmac<Sha256>> {
    if secret.len() < SHORTEST_SECRET {
        return None;
    }
    let mut key = [0; 32];
    // HKDF gives up to 255 times the hash's length, and HMAC takes keys of every length.
    Hkdf::<Sha256>::new(Some(salt), secret).expand(PURPOSE, &mut key).ok()?;
    Hmac::new_from_slice(&key).ok()
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashMap,
        time::{Duration, SystemTime},
    };

    use super::{SignError, Token, TokenAge, TokenError};

    const SECRET: &str = "01234567890123456789";
    const DAY: Duration = Duration::from_hours(24);

    fn verify(token: &str, max_age: Duration) -> Result<u64, TokenError> {
        Token::verify(SECRET, "salt", token, max_age)
    }

    #[test]
    fn a_signed_value_comes_back() {
        let token = Token::sign(SECRET, "salt", &("Ann", vec![1, 2])).unwrap();
        let value: (String, Vec<u8>) = Token::verify(SECRET, "salt", &token, DAY).unwrap();
        assert_eq!(value, ("Ann".to_owned(), vec![1, 2]));
    }

    #[test]
    fn a_token_can_stand_in_a_url() {
        let token = Token::sign(SECRET, "salt", &"??>>ÿÿ".repeat(20)).unwrap();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        assert!(token.chars().all(plain), "{token}");
    }

    #[test]
    fn a_token_is_bound_to_its_secret_and_salt() {
        let token = Token::sign(SECRET, "salt", &1).unwrap();
        let other_secret = Token::verify::<u64>("another secret of 26 bytes", "salt", &token, DAY);
        assert_eq!(other_secret, Err(TokenError::Invalid));
        assert_eq!(Token::verify::<u64>(SECRET, "salts", &token, DAY), Err(TokenError::Invalid));
        assert_eq!(Token::verify::<u64>(SECRET, "", &token, DAY), Err(TokenError::Invalid));
    }

    #[test]
    fn no_character_of_a_token_can_be_changed() {
        let token = Token::sign(SECRET, "salt", &7).unwrap();
        assert_eq!(verify(&token, DAY), Ok(7));
        for at in 0..token.len() {
            for replacement in ["A", "B", "-", ".", "=", ""] {
                let mut changed = token.clone();
                changed.replace_range(at..=at, replacement);
                if changed != token {
                    assert_eq!(verify(&changed, DAY), Err(TokenError::Invalid), "{changed}");
                }
            }
        }
        for bad in ["", ".", "garbage", "..", &format!("{token}A"), &format!("{token}.")] {
            assert_eq!(verify(bad, DAY), Err(TokenError::Invalid), "{bad}");
        }
    }

    #[test]
    fn a_token_is_accepted_up_to_its_greatest_age() {
        let now = SystemTime::now();
        let signed =
            |age: u64| Token::sign_at(SECRET, "salt", &1, now - Duration::from_secs(age)).unwrap();
        assert_eq!(verify(&signed(3000), Duration::from_hours(1)), Ok(1));
        assert_eq!(verify(&signed(3700), Duration::from_hours(1)), Err(TokenError::Expired));
        assert_eq!(verify(&signed(1_000_000_000), Duration::MAX), Ok(1));
        assert_eq!(verify(&signed(0), Duration::ZERO), Err(TokenError::Expired));
    }

    #[test]
    fn a_token_of_a_server_whose_clock_is_a_little_ahead_is_accepted() {
        let ahead =
            |by: Duration| Token::sign_at(SECRET, "salt", &1, SystemTime::now() + by).unwrap();
        let verify = |token: &str, age: TokenAge| Token::verify(SECRET, "salt", token, age);
        let (a_little, too_far) = (ahead(Duration::from_millis(51)), ahead(Duration::from_mins(5)));
        assert_eq!(verify(&a_little, DAY.into()), Ok(1));
        assert_eq!(verify(&ahead(Duration::from_secs(50)), DAY.into()), Ok(1));
        assert_eq!(verify(&too_far, Duration::MAX.into()), Err(TokenError::Invalid));
        assert_eq!(verify(&too_far, TokenAge::at_most(DAY).leeway(DAY)), Ok(1));
        assert_eq!(verify(&too_far, TokenAge::at_most(DAY).leeway(Duration::MAX)), Ok(1));
        let strict = TokenAge::at_most(DAY).leeway(Duration::ZERO);
        assert_eq!(verify(&ahead(Duration::from_secs(50)), strict), Err(TokenError::Invalid));
    }

    #[test]
    fn a_value_of_another_kind_is_invalid() {
        let token = Token::sign(SECRET, "salt", &"text").unwrap();
        assert_eq!(verify(&token, DAY), Err(TokenError::Invalid));
    }

    #[test]
    fn short_secrets_sign_and_verify_nothing() {
        let short = &SECRET[1..];
        assert!(matches!(Token::sign(short, "salt", &1), Err(SignError::Secret)));
        let token = Token::sign(SECRET, "salt", &1).unwrap();
        assert_eq!(Token::verify::<u64>(short, "salt", &token, DAY), Err(TokenError::Secret));
    }

    #[test]
    fn a_value_without_json_form_is_an_error() {
        let value = HashMap::from([(vec![1], 1)]);
        assert!(matches!(Token::sign(SECRET, "salt", &value), Err(SignError::Value(_))));
    }
}
