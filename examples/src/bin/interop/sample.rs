//! Fields of samples, and what becomes of checking one.

use std::error::Error;

use serde_json::Value;

pub(crate) type Failure = Box<dyn Error>;
pub(crate) type Checked = Result<(), Failure>;

/// A field that is a text.
pub(crate) fn text<'a>(sample: &'a Value, name: &str) -> Result<&'a str, Failure> {
    sample[name].as_str().ok_or_else(|| format!("the sample has no text {name:?}").into())
}

/// A field that is a list; one that is not there is empty.
pub(crate) fn list<'a>(sample: &'a Value, name: &str) -> &'a [Value] {
    sample[name].as_array().map_or(&[], Vec::as_slice)
}

/// An error unless it holds.
pub(crate) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(otherwise().into()) }
}
