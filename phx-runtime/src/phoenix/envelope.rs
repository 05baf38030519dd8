//! The two forms in which Phoenix hands bytes to clients: signed, and encrypted.

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use chacha20poly1305::{AeadInPlace, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::{Sha256, Sha384, Sha512};

use super::keys::Key;
use crate::token::{RandomError, random};

/// As Elixir reads it: with padding or without, and whatever the bits after the last byte are.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

const ENCRYPTED: &str = "XCP.";
/// Additional data of what is encrypted, a name from the time of another cipher.
const ADDITIONAL: &[u8] = b"A128GCM";
/// How many bytes a key has that can be encrypted with.
pub(super) const KEY: usize = 32;
const NONCE: usize = 24;
const TAG: usize = 16;

/// Bytes that everybody can read and nobody can change: three parts in URL-safe Base64, with dots
/// between. The first is the name of the digest, the last an HMAC of the others.
pub(super) fn sign(key: &Key, plain: &[u8]) -> String {
    let mut text = BASE64.encode("HS256");
    text.push('.');
    BASE64.encode_string(plain, &mut text);
    let signature = hmac::<Hmac<Sha256>>(key, &text).finalize().into_bytes();
    text.push('.');
    BASE64.encode_string(signature, &mut text);
    text
}

/// What was signed with one of the keys.
pub(super) fn verify(keys: &[Key], text: &str) -> Option<Vec<u8>> {
    let (signed, signature) = text.rsplit_once('.')?;
    let (digest, plain) = signed.split_once('.')?;
    let (digest, signature) = (BASE64.decode(digest).ok()?, BASE64.decode(signature).ok()?);
    // Takes the same time wherever the difference is.
    let matches = |key: &Key| match &*digest {
        b"HS256" => hmac::<Hmac<Sha256>>(key, signed).verify_slice(&signature).is_ok(),
        b"HS384" => hmac::<Hmac<Sha384>>(key, signed).verify_slice(&signature).is_ok(),
        b"HS512" => hmac::<Hmac<Sha512>>(key, signed).verify_slice(&signature).is_ok(),
        _ => false,
    };
    if !keys.iter().any(matches) {
        return None;
    }
    BASE64.decode(plain).ok()
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
fn hmac<M: Mac + KeyInit>(key: &Key, text: &str) -> M {
    <M as Mac>::new_from_slice(key.as_ref()).expect("a key").chain_update(text)
}

/// Bytes that nobody else can read or change: in URL-safe Base64 a nonce, the tag, and what is
/// encrypted with XChaCha20-Poly1305. None if the key has not 32 bytes.
pub(super) fn encrypt(key: &Key, plain: &[u8]) -> Option<Result<String, RandomError>> {
    let cipher = XChaCha20Poly1305::new_from_slice(key.as_ref()).ok()?;
    let nonce = match random::<NONCE>() {
        Ok(nonce) => nonce,
        Err(error) => return Some(Err(error)),
    };
    let mut bytes = plain.to_vec();
    let nonce = XNonce::from(nonce);
    let tag = cipher.encrypt_in_place_detached(&nonce, ADDITIONAL, &mut bytes).ok()?;
    let mut text = ENCRYPTED.to_owned();
    BASE64.encode_string([&*nonce, &*tag, &bytes].concat(), &mut text);
    Some(Ok(text))
}

/// What was encrypted with one of the keys.
pub(super) fn decrypt(keys: &[Key], text: &str) -> Option<Vec<u8>> {
    let bytes = BASE64.decode(text.strip_prefix(ENCRYPTED)?).ok()?;
    let (nonce, rest) = bytes.split_first_chunk::<NONCE>()?;
    let (tag, encrypted) = rest.split_first_chunk::<TAG>()?;
    let (nonce, tag) = (XNonce::from(*nonce), Tag::from(*tag));
    keys.iter().find_map(|key| {
        let cipher = XChaCha20Poly1305::new_from_slice(key.as_ref()).ok()?;
        let mut plain = encrypted.to_vec();
        cipher.decrypt_in_place_detached(&nonce, ADDITIONAL, &mut plain, &tag).ok()?;
        Some(plain)
    })
}
