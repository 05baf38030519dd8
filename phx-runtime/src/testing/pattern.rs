//! Comparing what came with what a test names of it.

use serde_json::Value;

use crate::message::Payload;

/// The text that stands for any value. No payload has it by chance.
pub(super) const ANYTHING: &str = "\u{1}any value\u{1}";

/// Whether a payload is what a test wants; without a pattern everything is, else only JSON.
pub(super) fn matches(pattern: Option<&Value>, payload: &Payload) -> bool {
    let Some(pattern) = pattern else { return true };
    let json = payload.as_json().and_then(|json| serde_json::from_str(json).ok());
    json.is_some_and(|actual| has(&actual, pattern))
}

/// Whether `actual` has everything that `pattern` names: an object may have more fields, at any
/// depth; [`ANYTHING`] stands for any value; all else is equal.
fn has(actual: &Value, pattern: &Value) -> bool {
    match (actual, pattern) {
        (Value::Object(actual), Value::Object(pattern)) => pattern
            .iter()
            .all(|(name, field)| actual.get(name).is_some_and(|actual| has(actual, field))),
        (Value::Array(actual), Value::Array(pattern)) => {
            actual.len() == pattern.len()
                && actual.iter().zip(pattern).all(|(actual, pattern)| has(actual, pattern))
        }
        (_, Value::String(pattern)) if pattern == ANYTHING => true,
        _ => actual == pattern,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ANYTHING, has};

    #[test]
    fn objects_may_have_more_fields_than_named() {
        let actual = json!({ "a": { "b": 1, "c": [2, { "d": 3, "e": 4 }] }, "f": null });
        for pattern in [
            json!({}),
            json!({ "f": null }),
            json!({ "a": { "b": 1 } }),
            json!({ "a": { "c": [2, { "e": 4 }] } }),
            json!({ "a": ANYTHING, "f": ANYTHING }),
            json!({ "a": { "c": [ANYTHING, { "d": ANYTHING }] } }),
        ] {
            assert!(has(&actual, &pattern), "{pattern}");
        }
        for pattern in [
            json!([]),
            json!({ "g": null }),
            json!({ "g": ANYTHING }),
            json!({ "a": { "b": "1" } }),
            json!({ "a": { "c": [2] } }),
            json!({ "a": { "c": [{ "e": 4 }, 2] } }),
        ] {
            assert!(!has(&actual, &pattern), "{pattern}");
        }
    }
}
