//! What the JSON of both versions is made of.

use std::borrow::Cow;

use serde::Deserialize;

use super::message_ref::MessageRef;

/// A topic or an event. Keeps text without escapes borrowed, which `Cow` alone does not.
#[derive(Deserialize)]
pub(super) struct Name<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// Appends text as a JSON string.
pub(super) fn put_json_str(text: &str, buffer: &mut Vec<u8>) {
    // Writing a string to memory cannot fail.
    let _ = serde_json::to_writer(buffer, text);
}

/// Appends a ref, or `null`.
pub(super) fn put_ref(reference: Option<&MessageRef>, buffer: &mut Vec<u8>) {
    buffer.extend_from_slice(reference.map_or("null", MessageRef::as_json).as_bytes());
}
