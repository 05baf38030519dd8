//! Keys, derived from `secret_key_base` and a salt.

use std::sync::OnceLock;

use hmac::Hmac;
use pbkdf2::pbkdf2;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use crate::token::Secret;

/// Fewer bytes could be guessed.
pub(super) const SHORTEST_SECRET: usize = 20;

/// The digest with which keys are derived; `Sha256` unless Phoenix is told otherwise.
///
/// Phoenix counterpart: the option `key_digest`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyDigest {
    /// `:sha`
    Sha1,
    /// `:sha224`
    Sha224,
    /// `:sha256`
    #[default]
    Sha256,
    /// `:sha384`
    Sha384,
    /// `:sha512`
    Sha512,
}

/// The keys of one salt: the first to sign with, all to verify with.
///
/// PBKDF2 is slow on purpose. They are derived when they are first needed, and kept: no request has
/// them derived again.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    pub(super) secrets: Vec<Secret>,
    pub(super) salt: String,
    pub(super) digest: KeyDigest,
    pub(super) iterations: u32,
    pub(super) length: usize,
    derived: OnceLock<Option<Vec<Key>>>,
}

/// A derived key; its debug form does not show it.
#[derive(Clone)]
pub(super) struct Key(Box<[u8]>);

impl Keys {
    pub(super) fn new(secret: Secret, salt: String) -> Self {
        Self {
            secrets: vec![secret],
            salt,
            digest: KeyDigest::default(),
            iterations: 1000,
            length: 32,
            derived: OnceLock::new(),
        }
    }

    /// One for each secret; none if one of these is too short.
    pub(super) fn derived(&self) -> Option<&[Key]> {
        let derive = || self.secrets.iter().map(|secret| self.derive(secret.as_ref())).collect();
        self.derived.get_or_init(derive).as_deref()
    }

    /// What was derived is nothing any more.
    pub(super) fn forget(&mut self) {
        self.derived.take();
    }

    fn derive(&self, secret: &[u8]) -> Option<Key> {
        if secret.len() < SHORTEST_SECRET {
            return None;
        }
        let mut key = vec![0; self.length];
        let salt = self.salt.as_bytes();
        let derived = match self.digest {
            KeyDigest::Sha1 => pbkdf2::<Hmac<Sha1>>(secret, salt, self.iterations, &mut key),
            KeyDigest::Sha224 => pbkdf2::<Hmac<Sha224>>(secret, salt, self.iterations, &mut key),
            KeyDigest::Sha256 => pbkdf2::<Hmac<Sha256>>(secret, salt, self.iterations, &mut key),
            KeyDigest::Sha384 => pbkdf2::<Hmac<Sha384>>(secret, salt, self.iterations, &mut key),
            KeyDigest::Sha512 => pbkdf2::<Hmac<Sha512>>(secret, salt, self.iterations, &mut key),
        };
        derived.ok().map(|()| Key(key.into()))
    }
}

impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}
