//! The tokens of `Phoenix.Token`.

use std::{
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

use super::{
    envelope,
    keys::{Key, KeyDigest, Keys, SHORTEST_SECRET},
    term::{Float, SerdeError, Term, from_term, to_term},
};
use crate::token::Secret;

/// What a token is good for unless something else is said: a day.
const DEFAULT_MAX_AGE: MaxAge = MaxAge::After(Duration::from_hours(24));

/// The clocks of two servers never agree quite.
const LEEWAY_MS: i64 = 60_000;

/// Tokens of one purpose, as `Phoenix.Token` makes and reads them.
///
/// Make one for each salt when the server starts, and register it with
/// [`Builder::state`](crate::server::Builder::state): the key is derived when it is first used, and
/// kept, so that no request has it derived again. Accepting the token of a page is one line then:
///
/// ```
/// use phx_runtime::{phoenix, prelude::*};
///
/// struct UserSocket {
///     user_id: u64,
/// }
///
/// #[socket("/socket", websocket, auth_token = true)]
/// impl UserSocket {
///     // let userToken = "<%= Phoenix.Token.sign(MyAppWeb.Endpoint, "user socket", @user.id) %>"
///     // new Socket("/socket", {authToken: userToken})
///     #[connect]
///     fn connect(
///         _: Params,
///         info: &ConnectInfo,
///         tokens: State<phoenix::Token>,
///     ) -> Result<Self, ConnectError> {
///         Ok(Self { user_id: tokens.verify(info.auth_token())? })
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let secret_key_base = "at least twenty bytes of secret";
/// let endpoint = Endpoint::builder()
///     .state(phoenix::Token::new(secret_key_base, "user socket"))
///     .socket::<UserSocket>()
///     .build()?;
/// # Ok(()) }
/// ```
///
/// What is signed can be read by everybody who has the token, what is encrypted cannot. The value is
/// any that serde knows, see [`to_term`] and [`from_term`](super::from_term): with Phoenix's
/// `%{user_id: 7}` or `%{"user_id" => 7}` a struct with the field `user_id`.
///
/// Phoenix counterpart: `Phoenix.Token`.
#[derive(Clone, Debug)]
pub struct Token {
    keys: Arc<Keys>,
    max_age: Option<MaxAge>,
    time: Option<SystemTime>,
}

/// How long a token is good for after it was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxAge {
    /// For so long, counted in milliseconds; a token of no duration is always expired.
    After(Duration),
    /// Forever: `:infinity`.
    Infinity,
}

impl From<Duration> for MaxAge {
    fn from(age: Duration) -> Self {
        Self::After(age)
    }
}

/// A value that no token can be made of.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignError {
    /// The secret has fewer than 20 bytes.
    #[error("the secret is too short to sign with: it needs at least {SHORTEST_SECRET} bytes")]
    Secret,
    /// The length of the key is not 32, with which alone can be encrypted.
    #[error("keys to encrypt with have 32 bytes, not {0}")]
    KeyLength(usize),
    /// The value is no term.
    #[error("the value of a token cannot be a term: {0}")]
    Value(#[from] SerdeError),
    /// The operating system gives no random numbers.
    #[error("a token cannot be encrypted: {0}")]
    Random(String),
}

impl SignError {
    /// A word for it in metrics and logs: the variant's name, such as `secret`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::KeyLength(..) => "key_length",
            Self::Value(..) => "value",
            Self::Random(..) => "random",
        }
    }
}

/// A token that is not accepted.
///
/// In `#[connect]` and `#[join]` it converts with `?` into a refusal, but for the last two, which
/// are the server's own mistakes and become faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// There is no token.
    #[error("the token is missing")]
    Missing,
    /// It was signed longer ago than allowed.
    #[error("the token has expired")]
    Expired,
    /// It was not made with this secret and salt, was changed, is from the future, or holds another
    /// kind of value.
    #[error("the token is invalid")]
    Invalid,
    /// The secret has fewer than 20 bytes.
    #[error("the secret is too short to verify with: it needs at least {SHORTEST_SECRET} bytes")]
    Secret,
    /// The length of the key is not 32, with which alone can be decrypted.
    #[error("keys to decrypt with have 32 bytes, not {0}")]
    KeyLength(usize),
}

impl TokenError {
    /// A word for it in metrics and logs: the variant's name, such as `missing`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Expired => "expired",
            Self::Invalid => "invalid",
            Self::Secret => "secret",
            Self::KeyLength(..) => "key_length",
        }
    }
}

impl Token {
    /// Tokens that are made with the `secret_key_base` of a Phoenix endpoint, at least 20 bytes, and
    /// the salt that says what they are for.
    pub fn new(secret_key_base: impl Into<Secret>, salt: impl Into<String>) -> Self {
        let keys = Arc::new(Keys::new(secret_key_base.into(), salt.into()));
        Self { keys, max_age: None, time: None }
    }

    /// Accepts tokens of another secret too; may be called several times. To replace a secret,
    /// sign with the new one, and accept the old one until its tokens have expired.
    pub fn also_accept(mut self, secret_key_base: impl Into<Secret>) -> Self {
        self.keys_mut().secrets.push(secret_key_base.into());
        self
    }

    /// How long tokens are good for.
    ///
    /// It is written into those that are made, where a day is the default; those that are read are
    /// held to it, whatever is written in them. Unset, what is written in them counts.
    pub fn max_age(mut self, age: impl Into<MaxAge>) -> Self {
        self.max_age = Some(age.into());
        self
    }

    /// The digest with which keys are derived.
    ///
    /// Phoenix counterpart: `key_digest`. It has nothing to do with the signature's digest.
    pub fn key_digest(mut self, digest: KeyDigest) -> Self {
        self.keys_mut().digest = digest;
        self
    }

    /// How often the digest is applied when a key is derived; 1,000 times by default.
    ///
    /// Phoenix counterpart: `key_iterations`.
    pub fn key_iterations(mut self, iterations: NonZeroU32) -> Self {
        self.keys_mut().iterations = iterations.get();
        self
    }

    /// How many bytes keys have; 32 by default, and always if tokens are encrypted.
    ///
    /// Phoenix counterpart: `key_length`.
    pub fn key_length(mut self, bytes: usize) -> Self {
        self.keys_mut().length = bytes;
        self
    }

    /// The same, as if it were always this time: tokens are signed at it and expire by it. The keys
    /// are shared.
    ///
    /// Phoenix counterpart: the option `signed_at`.
    pub fn at(&self, time: SystemTime) -> Self {
        Self { time: Some(time), ..self.clone() }
    }

    /// A token that can be read by everybody, and changed by nobody.
    ///
    /// # Errors
    ///
    /// See [`SignError`].
    pub fn sign<T: Serialize + ?Sized>(&self, value: &T) -> Result<String, SignError> {
        let key = self.signing_key()?;
        Ok(envelope::sign(key, &self.plain(value)?))
    }

    /// The value of a signed token. A token that is `None` is missing.
    ///
    /// Tokens from the future are invalid, but for a minute, since clocks differ; not so those that
    /// never expire.
    ///
    /// # Errors
    ///
    /// See [`TokenError`].
    pub fn verify<'a, T: DeserializeOwned>(
        &self,
        token: impl Into<Option<&'a str>>,
    ) -> Result<T, TokenError> {
        let token = token.into().ok_or(TokenError::Missing)?;
        self.value(envelope::verify(self.accepted_keys()?, token))
    }

    /// A token that can be read and changed by nobody.
    ///
    /// # Errors
    ///
    /// See [`SignError`].
    pub fn encrypt<T: Serialize + ?Sized>(&self, value: &T) -> Result<String, SignError> {
        let key = self.signing_key()?;
        let token = envelope::encrypt(key, &self.plain(value)?);
        let token = token.ok_or(SignError::KeyLength(self.keys.length))?;
        token.map_err(|error| SignError::Random(error.to_string()))
    }

    /// The value of an encrypted token. A token that is `None` is missing.
    ///
    /// # Errors
    ///
    /// See [`TokenError`].
    pub fn decrypt<'a, T: DeserializeOwned>(
        &self,
        token: impl Into<Option<&'a str>>,
    ) -> Result<T, TokenError> {
        if self.keys.length != envelope::KEY {
            return Err(TokenError::KeyLength(self.keys.length));
        }
        let token = token.into().ok_or(TokenError::Missing)?;
        self.value(envelope::decrypt(self.accepted_keys()?, token))
    }

    fn keys_mut(&mut self) -> &mut Keys {
        // Before anything was derived, or on a copy.
        let keys = Arc::make_mut(&mut self.keys);
        keys.forget();
        keys
    }

    pub(super) fn signing_key(&self) -> Result<&Key, SignError> {
        let keys = self.keys.derived().ok_or(SignError::Secret)?;
        keys.first().ok_or(SignError::Secret)
    }

    pub(super) fn accepted_keys(&self) -> Result<&[Key], TokenError> {
        self.keys.derived().ok_or(TokenError::Secret)
    }

    fn now(&self) -> i64 {
        let since = self.time.unwrap_or_else(SystemTime::now).duration_since(UNIX_EPOCH);
        milliseconds(since.unwrap_or_default())
    }

    fn plain<T: Serialize + ?Sized>(&self, value: &T) -> Result<Vec<u8>, SerdeError> {
        let max_age = match self.max_age.unwrap_or(DEFAULT_MAX_AGE) {
            MaxAge::Infinity => Term::atom("infinity"),
            MaxAge::After(age) => match Float::new(age.as_secs_f64()) {
                Some(seconds) if age.subsec_nanos() != 0 => Term::Float(seconds),
                _ => Term::Integer(age.as_secs().into()),
            },
        };
        Ok(Term::Tuple(vec![to_term(value)?, self.now().into(), max_age]).encode())
    }

    fn value<T: DeserializeOwned>(&self, plain: Option<Vec<u8>>) -> Result<T, TokenError> {
        let term = plain.and_then(|plain| Term::decode(plain).ok()).ok_or(TokenError::Invalid)?;
        let signed = Signed::of(&term).ok_or(TokenError::Invalid)?;
        let age = self.max_age.map_or(signed.age, Age::from);
        if let Age::Milliseconds(age) = age {
            let now = self.now();
            if age <= 0 || signed.at.saturating_add(age) < now {
                return Err(TokenError::Expired);
            }
            if signed.at > now.saturating_add(LEEWAY_MS) {
                return Err(TokenError::Invalid);
            }
        }
        from_term(signed.data).map_err(|_| TokenError::Invalid)
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// What is inside of a token.
struct Signed<'a> {
    data: &'a Term,
    /// In milliseconds since 1970.
    at: i64,
    age: Age,
}

/// How old a token may be, as tokens have it: below zero, too.
#[derive(Clone, Copy)]
enum Age {
    Milliseconds(i64),
    Infinite,
}

impl From<MaxAge> for Age {
    fn from(age: MaxAge) -> Self {
        match age {
            MaxAge::After(age) => Self::Milliseconds(milliseconds(age)),
            MaxAge::Infinity => Self::Infinite,
        }
    }
}

impl<'a> Signed<'a> {
    /// In its present form, or in one of two older ones, which say nothing of an age.
    fn of(term: &'a Term) -> Option<Self> {
        let default = Term::from(86_400);
        let (data, at, max_age) = match term {
            Term::Tuple(parts) => match &**parts {
                [data, at, max_age] => (data, at, max_age),
                [data, at] => (data, at, &default),
                _ => return None,
            },
            Term::Map(map) => (map.get_atom("data")?, map.get_atom("signed")?, &default),
            _ => return None,
        };
        Some(Self { data, at: at.as_i64()?, age: Age::of(max_age)? })
    }
}

impl Age {
    /// Seconds, which may be a fraction, or `:infinity`.
    fn of(term: &Term) -> Option<Self> {
        let beyond = |negative| if negative { i64::MIN } else { i64::MAX };
        Some(Self::Milliseconds(match term {
            Term::Integer(seconds) => match seconds.as_i64() {
                Some(seconds) => seconds.saturating_mul(1000),
                None => beyond(seconds.is_negative()),
            },
            Term::Float(seconds) => match Duration::try_from_secs_f64(seconds.get()) {
                Ok(duration) => milliseconds(duration),
                Err(_) => beyond(seconds.get() < 0.0),
            },
            atom if atom.is_atom("infinity") => return Some(Self::Infinite),
            _ => return None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::phoenix::{Atom, Map};

    const SECRET: &str = "interop-secret-one-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ";
    const SIGNED: &str = "SFMyNTY.g2gDYSpuBgAAaOXPiwFiAAFRgA.\
                          zvM6Fh11eP1T1s-adr_VGQpHR4vxZmrsMKMOCVAhWm4";
    const ENCRYPTED: &str = "XCP.xB_lTqgtj1gk3DE8hxMNist8D3K5w9u1Mmk4LYkKGD7GwRve_nQfsQypBlGyZVf\
                             7SbzPZBuNYuZpP-U";

    fn tokens() -> Token {
        Token::new(SECRET, "user socket")
    }

    /// So many seconds since 1970, to the millisecond, which floats do not meet exactly.
    fn at(seconds: f64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs_f64(seconds + 1e-5)
    }

    const THEN: f64 = 1_700_000_000.0;

    /// A token of the same key around another term.
    fn around(term: Term) -> String {
        envelope::sign(tokens().signing_key().unwrap(), &term.encode())
    }

    #[test]
    fn the_same_token_is_made_as_phoenix_makes() {
        assert_eq!(tokens().at(at(THEN)).sign(&42).unwrap(), SIGNED);
    }

    #[test]
    fn tokens_of_phoenix_are_read() {
        assert_eq!(tokens().at(at(THEN + 86_400.0)).verify(SIGNED), Ok(42));
        let secrets = Token::new(SECRET, "user secret");
        assert_eq!(secrets.at(at(THEN)).decrypt(ENCRYPTED), Ok(42));
        assert_eq!(tokens().decrypt::<u8>(ENCRYPTED), Err(TokenError::Invalid));
        assert_eq!(secrets.verify::<u8>(ENCRYPTED), Err(TokenError::Invalid));
        assert_eq!(secrets.decrypt::<u8>(SIGNED), Err(TokenError::Invalid));
    }

    #[test]
    fn values_of_all_kinds_come_back_signed_and_encrypted() {
        #[derive(Debug, PartialEq, serde::Serialize, Deserialize)]
        struct User {
            id: u64,
            role: Option<Atom>,
            teams: Vec<(u8, String)>,
        }
        let user =
            User {
                id: u64::MAX, role: Atom::new("admin").ok(), teams: vec![(1, "Grüße".into())]
            };
        let signed = tokens().sign(&user).unwrap();
        assert_eq!(tokens().verify::<User>(&*signed).unwrap(), user);
        let encrypted = tokens().encrypt(&user).unwrap();
        assert_eq!(tokens().decrypt::<User>(&*encrypted).unwrap(), user);
        assert_ne!(tokens().encrypt(&user).unwrap(), encrypted, "another nonce");
        let by_atom = Map::of([("id", 7.into()), ("teams", Term::List(vec![]))]);
        let by_atom = tokens().sign(&Term::Map(by_atom)).unwrap();
        let read = tokens().verify::<User>(&*by_atom).unwrap();
        assert_eq!(read, User { id: 7, role: None, teams: vec![] });
        assert_eq!(tokens().verify::<u8>(&*by_atom), Err(TokenError::Invalid));
    }

    #[test]
    fn the_age_of_the_reader_goes_before_the_one_in_the_token() {
        let read = |tokens: Token, seconds: f64| tokens.at(at(THEN + seconds)).verify::<u8>(SIGNED);
        assert_eq!(read(tokens(), 86_400.0), Ok(42));
        assert_eq!(read(tokens(), 86_400.001), Err(TokenError::Expired));
        let minute = tokens().max_age(Duration::from_mins(1));
        assert_eq!(read(minute.clone(), 60.0), Ok(42));
        assert_eq!(read(minute, 60.001), Err(TokenError::Expired));
        assert_eq!(read(tokens().max_age(MaxAge::Infinity), 1e9), Ok(42));
        assert_eq!(read(tokens().max_age(Duration::ZERO), 0.0), Err(TokenError::Expired));
        let part = tokens().max_age(Duration::from_millis(1500)).at(at(THEN)).sign(&1).unwrap();
        assert_eq!(tokens().at(at(THEN + 1.5)).verify::<u8>(&*part), Ok(1));
        assert_eq!(tokens().at(at(THEN + 1.501)).verify::<u8>(&*part), Err(TokenError::Expired));
        let forever = tokens().max_age(MaxAge::Infinity).at(at(THEN)).sign(&1).unwrap();
        assert_eq!(tokens().verify(&*forever), Ok(1));
    }

    #[test]
    fn a_token_from_the_future_is_invalid_unless_clocks_explain_it() {
        let read = |tokens: Token, before: f64| tokens.at(at(THEN - before)).verify::<u8>(SIGNED);
        assert_eq!(read(tokens(), 60.0), Ok(42));
        assert_eq!(read(tokens(), 60.001), Err(TokenError::Invalid));
        assert_eq!(read(tokens().max_age(MaxAge::Infinity), 1000.0), Ok(42));
    }

    #[test]
    fn older_forms_are_good_for_a_day() {
        let now = 1_700_000_000_000;
        let pair = Term::Tuple(vec![7.into(), now.into()]);
        let map = Map::of([("data", 7.into()), ("signed", now.into())]).into();
        for form in [pair, map] {
            let token = around(form);
            assert_eq!(tokens().at(at(THEN + 86_400.0)).verify::<u8>(&*token), Ok(7));
            let later = tokens().at(at(THEN + 86_401.0));
            assert_eq!(later.verify::<u8>(&*token), Err(TokenError::Expired));
        }
        for form in [Term::NIL, Term::Tuple(vec![]), Term::Tuple(vec![1.into(), Term::NIL])] {
            assert_eq!(tokens().verify::<u8>(&*around(form)), Err(TokenError::Invalid));
        }
    }

    #[test]
    fn no_character_of_a_token_can_be_changed() {
        let forever = tokens().max_age(MaxAge::Infinity);
        for at in 0..SIGNED.len() {
            for replacement in ["A", "B", "-", ".", "=", ""] {
                let mut changed = SIGNED.to_owned();
                changed.replace_range(at..=at, replacement);
                // The last character stands for fewer bits than it has.
                if changed != SIGNED && at + 1 < SIGNED.len() {
                    let read = forever.verify::<u8>(&*changed);
                    assert_eq!(read, Err(TokenError::Invalid), "{changed}");
                }
            }
        }
        for bad in ["", ".", "..", "garbage", "bm9uZQ.g2gDYSpuBgAAaOXPiwFiAAFRgA."] {
            assert_eq!(forever.verify::<u8>(bad), Err(TokenError::Invalid), "{bad}");
            assert_eq!(forever.decrypt::<u8>(bad), Err(TokenError::Invalid), "{bad}");
        }
        assert_eq!(forever.verify::<u8>(&*format!("{SIGNED}=")), Ok(42), "with right padding");
        assert_eq!(forever.verify::<u8>(None), Err(TokenError::Missing));
        assert_eq!(forever.decrypt::<u8>(None), Err(TokenError::Missing));
    }

    #[test]
    fn a_secret_is_replaced_without_losing_tokens() {
        let new = Token::new("the new secret, of more than twenty bytes", "user socket");
        let forever = new.clone().max_age(MaxAge::Infinity);
        assert_eq!(forever.verify::<u8>(SIGNED), Err(TokenError::Invalid));
        let both = forever.also_accept(SECRET);
        assert_eq!(both.verify(SIGNED), Ok(42));
        let token = both.sign(&1).unwrap();
        assert_eq!(new.verify(&*token), Ok(1), "signed with the new one");
        let encrypted = tokens().encrypt(&1).unwrap();
        assert_eq!(both.decrypt(&*encrypted), Ok(1));
    }

    #[test]
    fn keys_are_as_phoenix_is_told() {
        let list = "SFMyNTY.g2gDawADAQIDbgYAAGjlz4sBYgABUYA.\
                    8dRlo3qjN267xYolhDqkBGdJZEqvhDSuE7-ScfUGA0c";
        let tokens = Token::new(SECRET, "list").max_age(MaxAge::Infinity);
        let same = |tokens: Token| tokens.verify::<Vec<u8>>(list);
        let iterations = NonZeroU32::new(2000).unwrap();
        let set = tokens.clone().key_digest(KeyDigest::Sha512).key_length(64);
        assert_eq!(same(set.clone().key_iterations(iterations)), Ok(vec![1, 2, 3]));
        assert_eq!(same(set), Err(TokenError::Invalid));
        let other = tokens.key_digest(KeyDigest::Sha1).key_length(7);
        let token = other.sign(&1).unwrap();
        assert_eq!(other.verify(&*token), Ok(1));
        assert!(matches!(other.encrypt(&1), Err(SignError::KeyLength(7))));
        assert_eq!(other.decrypt::<u8>(ENCRYPTED), Err(TokenError::KeyLength(7)));
    }

    #[test]
    fn keys_are_derived_once() {
        let tokens = tokens().max_age(MaxAge::Infinity);
        assert_eq!(tokens.verify(SIGNED), Ok(42));
        let key = |tokens: &Token| tokens.keys.derived().unwrap().as_ptr();
        assert_eq!(key(&tokens), key(&tokens.clone()));
        assert_eq!(key(&tokens), key(&tokens.at(SystemTime::now())));
        assert_ne!(key(&tokens), key(&tokens.clone().key_length(64)));
    }

    #[test]
    fn a_short_secret_signs_and_verifies_nothing() {
        let short = Token::new("nineteen bytes long", "user socket");
        assert!(matches!(short.sign(&1), Err(SignError::Secret)));
        assert_eq!(short.verify::<u8>(SIGNED), Err(TokenError::Secret));
        assert_eq!(tokens().also_accept("short").verify::<u8>(SIGNED), Err(TokenError::Secret));
    }
}
