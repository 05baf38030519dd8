//! What is known of one tracking of a key.

use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize, Serializer, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};
use smol_str::SmolStr;
use thiserror::Error;

use super::reference::PresenceRef;

/// One meta: what a channel said when it tracked a key, and its `phx_ref`. Cheap to clone.
///
/// It is kept as the text that clients get, so that a list of a crowd is copied, not written anew.
#[derive(Clone)]
pub struct PresenceMeta {
    reference: PresenceRef,
    text: Arc<RawValue>,
}

/// A value that cannot be a meta, or not the meta that was asked for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MetaError {
    /// A meta carries a `phx_ref`, so it has to be a JSON object.
    #[error("a presence meta has to be a JSON object")]
    NotAnObject,
    /// The value's `Serialize` or `Deserialize` implementation failed.
    #[error("a presence meta cannot be converted: {0}")]
    Json(#[source] serde_json::Error),
}

impl MetaError {
    /// A word for it in metrics and logs: `not_an_object` or `json`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NotAnObject => "not_an_object",
            Self::Json(_) => "json",
        }
    }
}

/// A meta's own fields. Their values stay the text that they are.
pub(super) type Fields = BTreeMap<String, Box<RawValue>>;

const REFERENCE: &str = "phx_ref";
const PREVIOUS: &str = "phx_ref_prev";

fn raw(value: &impl Serialize) -> Result<Box<RawValue>, MetaError> {
    to_raw_value(value).map_err(MetaError::Json)
}

/// The fields of a value that is to become a meta.
pub(super) fn fields(meta: &impl Serialize) -> Result<Fields, MetaError> {
    let text = raw(meta)?;
    if !text.get().starts_with('{') {
        return Err(MetaError::NotAnObject);
    }
    serde_json::from_str(text.get()).map_err(MetaError::Json)
}

impl PresenceMeta {
    /// References among the fields are overwritten: they often come from a client.
    pub(super) fn new(
        mut fields: Fields,
        reference: PresenceRef,
        previous: Option<PresenceRef>,
    ) -> Result<Self, MetaError> {
        fields.insert(REFERENCE.to_owned(), raw(&reference)?);
        match previous {
            Some(previous) => fields.insert(PREVIOUS.to_owned(), raw(&previous)?),
            None => fields.remove(PREVIOUS),
        };
        Ok(Self { reference, text: raw(&fields)?.into() })
    }

    /// One that was made elsewhere: the text of a JSON object that has the reference inside.
    pub(crate) fn foreign(reference: SmolStr, text: Box<RawValue>) -> Self {
        Self { reference: PresenceRef::foreign(reference), text: text.into() }
    }

    /// One that another node of phx sent: a JSON object that has a `phx_ref`.
    pub(super) fn received(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Referring<'a> {
            #[serde(borrow)]
            phx_ref: Cow<'a, str>,
        }
        // A list of fields would be read too.
        if !text.starts_with('{') {
            return None;
        }
        let Referring { phx_ref } = serde_json::from_str(text).ok()?;
        let reference = SmolStr::new(phx_ref);
        Some(Self::foreign(reference, RawValue::from_string(text.to_owned()).ok()?))
    }

    /// The text, which all clones share.
    #[cfg(all(feature = "phoenix", feature = "redis"))]
    pub(crate) fn text(&self) -> &Arc<RawValue> {
        &self.text
    }

    /// Whether it is the meta of this reference.
    pub(super) fn is(&self, reference: &PresenceRef) -> bool {
        self.reference == *reference
    }

    /// Whether these are its fields, besides references.
    pub(super) fn has(&self, fields: &Fields) -> bool {
        fn own(fields: &Fields) -> impl Iterator<Item = (&str, &str)> {
            let fields = fields.iter().map(|(name, value)| (name.as_str(), value.get()));
            fields.filter(|(name, _)| *name != REFERENCE && *name != PREVIOUS)
        }
        let all = serde_json::from_str::<Fields>(self.text.get());
        all.is_ok_and(|all| own(&all).eq(own(fields)))
    }

    /// The meta's reference.
    pub fn phx_ref(&self) -> PresenceRef {
        self.reference.clone()
    }

    /// The JSON text, `phx_ref` included.
    pub fn as_json(&self) -> &str {
        self.text.get()
    }

    /// The meta as it was given, without its references.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, MetaError> {
        let mut fields: Fields = serde_json::from_str(self.text.get()).map_err(MetaError::Json)?;
        fields.remove(REFERENCE);
        fields.remove(PREVIOUS);
        serde_json::from_str(raw(&fields)?.get()).map_err(MetaError::Json)
    }
}

impl Serialize for PresenceMeta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

impl fmt::Debug for PresenceMeta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_json())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json, value::RawValue};

    use super::super::reference::References;
    use super::{MetaError, PresenceMeta, fields};

    #[test]
    fn references_that_a_client_made_up_are_not_kept() {
        let references = References::default();
        let made_up = json!({ "name": "Ann", "phx_ref": "x", "phx_ref_prev": "y" });
        let meta = PresenceMeta::new(fields(&made_up).unwrap(), references.next(), None).unwrap();
        let sent = serde_json::to_value(&meta).unwrap();
        assert_eq!(sent, json!({ "name": "Ann", "phx_ref": meta.phx_ref() }));
        assert_eq!(meta.decode::<Value>().unwrap(), json!({ "name": "Ann" }));
    }

    #[test]
    fn numbers_stay_as_they_were_written() {
        let references = References::default();
        let sent = r#"{"big":123456789012345678901234567890,"one":1.0,"two":{"b":2e0,"a":[]}}"#;
        let raw: Box<RawValue> = serde_json::from_str(sent).unwrap();
        let meta = PresenceMeta::new(fields(&raw).unwrap(), references.next(), None).unwrap();
        assert!(meta.as_json().contains("\"big\":123456789012345678901234567890"), "{meta:?}");
        assert_eq!(meta.decode::<Box<RawValue>>().unwrap().get(), sent);
    }

    #[test]
    fn only_objects_are_metas() {
        for wrong in [json!(null), json!(1), json!("text"), json!([{}])] {
            assert!(matches!(fields(&wrong), Err(MetaError::NotAnObject)), "{wrong}");
        }
    }
}
