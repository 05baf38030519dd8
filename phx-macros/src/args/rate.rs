//! `max_rate(per_second = 50, burst = 100)`.

use proc_macro2::Span;

use super::{
    given::Refused,
    list::Argument,
    value::{Setting, Value},
};
use crate::diag::Errors;

/// What the option is called wherever there is one.
pub(super) const RATE_KEY: &str = "max_rate";

/// A rate of what is set in its `list`.
pub(super) fn rate(
    mut settings: Vec<Setting>,
    list: &[Argument],
    place: Span,
    errors: &Errors,
) -> Result<Value, Refused> {
    let Some(at) = settings.iter().position(|setting| setting.key == "per_second") else {
        // Whatever else is there has been reported.
        if list.iter().all(|argument| argument.is_key("burst")) {
            let message = format!("`{RATE_KEY}` needs `per_second`: `{RATE_KEY}(per_second = 50)`");
            errors.span(place, message);
        }
        return Err(Refused::Reported);
    };
    let per_second = settings.remove(at);
    Ok(Value::Rate(Box::new(per_second), settings))
}
