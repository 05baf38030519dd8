//! References: which tracking of a key a meta belongs to.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, Serializer};
use smol_str::SmolStr;

/// The characters of a reference that is made here: 12 bytes in base64.
const LENGTH: usize = 16;

/// The `phx_ref` of a meta, another one after each track and update; 16 URL-safe characters if it
/// was made by phx. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PresenceRef(SmolStr);

impl PresenceRef {
    /// The text that clients see.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One that somebody else made.
    pub(super) fn foreign(text: SmolStr) -> Self {
        Self(text)
    }
}

impl fmt::Display for PresenceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for PresenceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for PresenceRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Makes references that no other process makes: 96 bits of a hash whose keys are random, over a
/// counter.
#[derive(Debug, Default)]
pub(super) struct References {
    keys: RandomState,
    made: AtomicU64,
}

impl References {
    pub(super) fn next(&self) -> PresenceRef {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&self.keys.hash_one((number, 0_u8)).to_le_bytes());
        bytes[8..].copy_from_slice(&self.keys.hash_one((number, 1_u8)).to_le_bytes()[..4]);
        let mut text = [0; LENGTH];
        // 12 bytes fill 16 characters exactly.
        let _ = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text);
        // Base64 is ASCII.
        PresenceRef(SmolStr::new_inline(std::str::from_utf8(&text).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::References;

    #[test]
    fn references_are_16_url_safe_characters_and_never_repeat() {
        let (here, elsewhere) = (References::default(), References::default());
        let mut seen = HashSet::new();
        for _ in 0..1000 {
            for made in [here.next(), elsewhere.next()] {
                let text = made.as_str();
                assert_eq!(text.len(), 16);
                assert!(text.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c)));
                assert!(seen.insert(made.clone()), "{made} came twice");
            }
        }
    }
}
