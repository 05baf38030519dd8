//! Payloads as this application looks at them.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use phx_runtime::{channel::PayloadError, prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

/// A JSON object whose values are not looked at: numbers leave as they came, however long.
pub(crate) type Object = BTreeMap<String, Box<RawValue>>;

/// A part of a payload that is sent on unseen.
pub(crate) type Raw = Option<Box<RawValue>>;

/// The payload's field `name`; none if there is no such field, or no object to have it.
pub(crate) fn field(payload: &Payload, name: &str) -> Raw {
    payload.clone().decode::<Object>().ok()?.remove(name)
}

/// The payload's field `name`, where it is text.
pub(crate) fn text_field(payload: &Payload, name: &str) -> Option<String> {
    serde_json::from_str(field(payload, name)?.get()).ok()
}

/// The payload, an object, with one more field.
pub(crate) fn with(payload: Payload, name: &str, value: impl Serialize) -> Result<Object, Fault> {
    let mut object = payload.decode::<Object>()?;
    object.insert(name.to_owned(), to_raw_value(&value)?);
    Ok(object)
}

/// A text that shows the payload: its JSON, or `{"binary":…}` with the bytes in base64.
pub(crate) fn text_of(payload: &Payload) -> String {
    match (payload.as_json(), payload.as_binary()) {
        (Some(json), _) => json.to_owned(),
        (None, Some(bytes)) => json!({ "binary": BASE64.encode(bytes) }).to_string(),
        (None, None) => String::new(),
    }
}

/// The payload as part of a larger one.
pub(crate) fn raw(payload: &Payload) -> Result<Box<RawValue>, Fault> {
    Ok(RawValue::from_string(text_of(payload))?)
}

/// Bytes as clients of both versions can send them: as they are, or as `{"b64": …}`.
#[derive(Deserialize)]
struct Base64 {
    b64: String,
}

/// The bytes that a client sent in one of the two ways.
pub(crate) fn bytes(payload: Payload) -> Result<Binary, Fault> {
    if let Some(bytes) = payload.as_binary() {
        return Ok(bytes.clone().into());
    }
    let Base64 { b64 } = payload.decode::<Base64>().map_err(|error: PayloadError| error)?;
    Ok(BASE64.decode(b64)?.into())
}
