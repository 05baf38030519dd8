//! What a client's message is known by.

use std::fmt;

use serde_json::Value;
use smol_str::SmolStr;

/// A `ref` or `join_ref`: any JSON value but `null`, kept as text and sent back as it came.
///
/// Two refs are the same if their JSON text is, so `1`, `"1"` and `1.0` are three. Shown, it is the
/// string that it is, or the JSON text of another value.
///
/// ```
/// use phx_runtime::serializer::MessageRef;
///
/// let text = MessageRef::from("7");
/// assert_eq!((text.as_json(), &*text.to_string()), ("\"7\"", "7"));
/// assert_ne!(text, MessageRef::from(7));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct MessageRef(SmolStr);

impl MessageRef {
    /// The ref of a piece of valid JSON text; none for `null`.
    pub(crate) fn from_json(text: &str) -> Option<Self> {
        if text == "null" {
            return None;
        }
        // An escape is another spelling of the same string.
        if text.starts_with('"')
            && text.contains('\\')
            && let Ok(string) = serde_json::from_str::<String>(text)
        {
            return Some(Self::from_str(&string));
        }
        Some(Self(text.into()))
    }

    /// The ref that is a piece of JSON text, a string without escapes.
    pub(super) fn from_plain(string: &str) -> Self {
        Self(string.into())
    }

    /// The ref that is a string.
    pub(crate) fn from_str(text: &str) -> Self {
        Self(Value::from(text).to_string().into())
    }

    /// The ref that a value is; none for `null`.
    pub fn from_value(value: &Value) -> Option<Self> {
        (!value.is_null()).then(|| Self(value.to_string().into()))
    }

    /// The JSON text.
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// What a binary message carries: the string without quotes, or the JSON text of other values.
    pub(crate) fn bare(&self) -> SmolStr {
        match self.0.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) if !inner.contains('\\') => inner.into(),
            Some(_) => {
                serde_json::from_str::<String>(&self.0).map_or_else(|_| self.0.clone(), Into::into)
            }
            None => self.0.clone(),
        }
    }
}

impl From<&str> for MessageRef {
    fn from(text: &str) -> Self {
        Self::from_str(text)
    }
}

impl From<u64> for MessageRef {
    fn from(number: u64) -> Self {
        Self(number.to_string().into())
    }
}

impl fmt::Display for MessageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.bare())
    }
}

impl fmt::Debug for MessageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
