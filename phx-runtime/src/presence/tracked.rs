//! What a channel is tracked with: a key and a meta.

use std::fmt::Display;

use serde::{Serialize, de::DeserializeOwned};

/// What can be the key of a presence: everything that is `Display`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no key of a presence",
    label = "expected a text or a number",
    note = "the key says who it is, usually the user's id: `presence.track(socket, self.user_id, json!({{ .. }}))`"
)]
pub trait PresenceKey: Display {}

#[diagnostic::do_not_recommend]
impl<T: Display> PresenceKey for T {}

/// What can be a meta: everything that is `Serialize`, and a JSON object then.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the meta of a presence",
    label = "not `Serialize`",
    note = "a meta is a JSON object: `json!({{ \"status\": \"online\" }})`, or a struct with `#[derive(Serialize)]`"
)]
pub trait Meta: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize> Meta for T {}

/// What a meta can be decoded as: every owned type that is `Deserialize`.
#[diagnostic::on_unimplemented(
    message = "the old meta cannot be decoded as `{Self}`",
    label = "not `Deserialize`",
    note = "derive `Deserialize` for it, or take a `serde_json::Value`: `|old: Value| ..`"
)]
pub trait OldMeta: DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> OldMeta for T {}
