//! What a token says.

use serde::{Serialize, de::DeserializeOwned};

/// What can be signed into a [`Token`](super::Token): everything that is `Serialize`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be signed into a token",
    label = "not `Serialize`",
    note = "derive `Serialize` for it, or sign what tells who it is: `Token::sign(secret, \"user\", &user.id)`"
)]
pub trait TokenValue: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> TokenValue for T {}

/// What can be read from a [`Token`](super::Token): every owned type that is `Deserialize`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a token",
    label = "not `Deserialize`, or a type that was not said",
    note = "derive `Deserialize` for it; what was signed says what comes back: `let user_id: u64 = Token::verify(..)?`"
)]
pub trait FromToken: DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> FromToken for T {}
