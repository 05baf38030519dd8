//! What the log does not show.

use std::{borrow::Cow, sync::Arc};

use super::json_text::JsonText;

/// Which parameters log lines hide.
///
/// Phoenix counterpart: `config :phoenix, :filter_parameters`.
///
/// ```
/// use phx_runtime::options::FilterParameters;
///
/// let filter = FilterParameters::default();
/// let shown = filter.apply(r#"{"user": {"password_hash": "x", "name": "Ann"}}"#);
/// assert_eq!(shown, r#"{"user":{"password_hash":"[FILTERED]","name":"Ann"}}"#);
/// ```
#[derive(Clone, Debug)]
pub struct FilterParameters {
    terms: Arc<[Cow<'static, str>]>,
    keep: bool,
}

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

    /// Whether the whole value of a key is shown, or hidden, whatever it is; none if that depends on
    /// the value.
    pub(super) fn whole_value(&self, key: JsonText<'_>) -> Option<bool> {
        let is_named = self
            .terms
            .iter()
            .any(|term| if self.keep { key.is(term) } else { key.contains(term, None) });
        is_named.then_some(self.keep)
    }

    /// Whether a text is hidden, apart from what its key says.
    pub(super) fn hides_text(&self, text: JsonText<'_>) -> bool {
        self.keep || self.terms.iter().any(|term| text.contains(term, Some('=')))
    }

    /// Whether numbers, `true`, `false` and `null` are hidden, apart from what their key says.
    pub(super) fn hides_scalars(&self) -> bool {
        self.keep
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

    fn apply(filter: &FilterParameters, value: &serde_json::Value) -> serde_json::Value {
        serde_json::from_str(&filter.apply(&value.to_string())).unwrap()
    }

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
        assert_eq!(apply(&filter, &value), shown);
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
        assert_eq!(apply(&filter, &value), shown);
    }
}
