//! What the log does not show.

use std::{borrow::Cow, sync::Arc};

use serde_json::Value;

/// Which parameters log lines hide.
///
/// Phoenix counterpart: `config :phoenix, :filter_parameters`.
///
/// ```
/// use phx_runtime::{FilterParameters, json};
///
/// let filter = FilterParameters::default();
/// let shown = filter.apply(&json!({ "user": { "password_hash": "x", "name": "Ann" } }));
/// assert_eq!(shown, json!({ "user": { "password_hash": "[FILTERED]", "name": "Ann" } }));
/// ```
#[derive(Clone, Debug)]
pub struct FilterParameters {
    terms: Arc<[Cow<'static, str>]>,
    keep: bool,
}

const FILTERED: &str = "[FILTERED]";

impl FilterParameters {
    /// Hides the values of keys that contain one of these terms, case-sensitively, and texts that
    /// contain `term=` as an encoded form does.
    pub fn discard<T: Into<Cow<'static, str>>>(terms: impl IntoIterator<Item = T>) -> Self {
        Self { terms: terms.into_iter().map(Into::into).collect(), keep: false }
    }

    /// Hides everything but the values of exactly these keys.
    pub fn keep<T: Into<Cow<'static, str>>>(keys: impl IntoIterator<Item = T>) -> Self {
        Self { terms: keys.into_iter().map(Into::into).collect(), keep: true }
    }

    /// The value as the log shows it.
    pub fn apply(&self, value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                fields.iter().map(|(key, value)| (key.clone(), self.field(key, value))).collect()
            }
            Value::Array(items) => items.iter().map(|item| self.apply(item)).collect(),
            Value::String(text) if !self.keep && self.is_form_with_secret(text) => FILTERED.into(),
            _ if self.keep => FILTERED.into(),
            other => other.clone(),
        }
    }

    fn field(&self, key: &str, value: &Value) -> Value {
        if self.keep {
            if self.terms.iter().any(|term| key == term) {
                value.clone()
            } else {
                self.apply(value)
            }
        } else if self.terms.iter().any(|term| key.contains(&**term)) {
            FILTERED.into()
        } else {
            self.apply(value)
        }
    }

    fn is_form_with_secret(&self, text: &str) -> bool {
        self.terms.iter().any(|term| {
            text.match_indices(&**term).any(|(at, _)| text[at + term.len()..].starts_with('='))
        })
    }
}

impl Default for FilterParameters {
    /// Hides `password` and `token`.
    fn default() -> Self {
        Self::discard(["password", "token"])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::FilterParameters;

    #[test]
    fn keys_that_contain_a_term_are_hidden_at_any_depth() {
        let filter = FilterParameters::default();
        let value = json!({
            "a": [{ "user_token": 1, "Token": 2 }],
            "form": "name=a&password=b",
            "text": "my password is",
        });
        let shown = json!({
            "a": [{ "user_token": "[FILTERED]", "Token": 2 }],
            "form": "[FILTERED]",
            "text": "my password is",
        });
        assert_eq!(filter.apply(&value), shown);
    }

    #[test]
    fn keeping_hides_every_leaf_that_is_not_named() {
        let filter = FilterParameters::keep(["id"]);
        let value =
            json!({ "id": { "deep": 1 }, "ids": 2, "list": [3, { "id": 4 }], "none": null });
        let shown = json!({
            "id": { "deep": 1 },
            "ids": "[FILTERED]",
            "list": ["[FILTERED]", { "id": 4 }],
            "none": "[FILTERED]",
        });
        assert_eq!(filter.apply(&value), shown);
    }
}
