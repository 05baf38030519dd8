//! Errors that refuse a connection.

use serde::Serialize;
use serde_json::Value;

use super::connect_error::ConnectError;
#[cfg(feature = "phoenix")]
use crate::phoenix;
use crate::{
    message::{Failure, Fault, FromFailure, PayloadError},
    token::TokenError,
};

/// Errors that `?` turns into a [`ConnectError`], and that `#[connect]` can return itself: a serializable one
/// is the body of the answer with status 403, a [`Fault`] is logged and answered with 500.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what the client is told",
    label = "write `.or_fault()?`: it is logged, and the client is answered with status 500",
    note = "or derive `Serialize` for `{Self}`: then it is what the client gets"
)]
pub trait IntoConnectError {
    /// The refusal.
    fn into_connect_error(self) -> ConnectError;
}

#[diagnostic::do_not_recommend]
impl<E: Serialize> IntoConnectError for E {
    fn into_connect_error(self) -> ConnectError {
        match serde_json::to_value(self) {
            Ok(Value::String(text)) => ConnectError::new(&text).body(text),
            Ok(value) => ConnectError::new(value.to_string()).body(value.to_string()),
            Err(error) => Fault::from(error).into(),
        }
    }
}

#[diagnostic::do_not_recommend]
impl IntoConnectError for Fault {
    fn into_connect_error(self) -> ConnectError {
        ConnectError::fault(self)
    }
}

#[diagnostic::do_not_recommend]
impl IntoConnectError for PayloadError {
    fn into_connect_error(self) -> ConnectError {
        ConnectError::new(format!("connection parameters: {self}"))
    }
}

impl FromFailure for ConnectError {
    fn from_failure(failure: Failure) -> Self {
        match failure {
            Failure::Payload(error) => error.into(),
            Failure::Topic => Self::new("unmatched topic"),
            Failure::Fault(fault) => fault.into(),
        }
    }
}

#[diagnostic::do_not_recommend]
impl IntoConnectError for TokenError {
    fn into_connect_error(self) -> ConnectError {
        match self {
            Self::Expired | Self::Invalid => ConnectError::new(self.to_string()),
            Self::Secret => Fault::from(self).into(),
        }
    }
}

#[cfg(feature = "phoenix")]
#[diagnostic::do_not_recommend]
impl IntoConnectError for phoenix::TokenError {
    fn into_connect_error(self) -> ConnectError {
        match self {
            Self::Missing | Self::Expired | Self::Invalid => ConnectError::new(self.to_string()),
            Self::Secret | Self::KeyLength(_) => Fault::from(self).into(),
        }
    }
}

impl<E: IntoConnectError> From<E> for ConnectError {
    fn from(error: E) -> Self {
        error.into_connect_error()
    }
}
