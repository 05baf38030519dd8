//! Connection parameters.

mod fields;
mod query;

pub use self::query::QueryError;

use std::fmt;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::message::PayloadError;

/// The parameters of a connection: the query, and the path variables of the mount, which win.
///
/// Names are case-sensitive, and of repeated ones the last counts. `user[id]=7` is an object and
/// `rooms[]=a&rooms[]=b` a list, as Phoenix clients write them:
///
/// ```
/// use phx_runtime::{Params, json};
/// use serde::Deserialize;
///
/// let query = "token=a%20b&vsn=2.0.0&token=c&user[id]=7&user[name]=Ann&rooms[]=x&rooms[]=y";
/// let params = Params::from_query(query)?;
/// assert_eq!(params.get("token"), Some("c"));
/// assert_eq!(params.value("user"), Some(&json!({ "id": "7", "name": "Ann" })));
///
/// #[derive(Deserialize)]
/// struct User {
///     id: u64,
/// }
///
/// #[derive(Deserialize)]
/// struct Connect {
///     user: User,
///     rooms: Vec<String>,
/// }
///
/// let Connect { user, rooms } = params.decode()?;
/// assert_eq!((user.id, &*rooms[1]), (7, "y"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A query has at most 1,000 parameters, nested at most 32 deep. Phoenix counterpart:
/// `Plug.Conn.Query`.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Params(Map<String, Value>);

impl Params {
    /// Decodes a query as HTML forms write it: `+` is a space, and a `%` without two digits after
    /// it stands for itself.
    ///
    /// # Errors
    ///
    /// See [`QueryError`].
    pub fn from_query(query: &str) -> Result<Self, QueryError> {
        query::decode(query).map(Self)
    }

    /// Sets a parameter. Brackets in the name mean nothing here.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into().into());
    }

    /// The text of a parameter; none if it is a list or an object.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A parameter: a text, or a list or an object of such.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All parameters, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// Decodes the parameters into a type: texts into its fields, parsed where they are numbers or
    /// booleans.
    ///
    /// A list may also be an object with the keys `0`, `1`, …: that is how the JavaScript client of
    /// Phoenix writes an array.
    ///
    /// # Errors
    ///
    /// A parameter is missing, or is no such number, boolean, list or object. The error names the
    /// parameter and keeps its value out of logs.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, PayloadError> {
        fields::decode(&self.0).map_err(|error| PayloadError::new(error.to_string()))
    }

    /// Sets all parameters of `others`.
    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// What clients that encode these fields send: numbers and the like become texts.
    pub(crate) fn from_fields(mut fields: Map<String, Value>) -> Self {
        fn written(value: &mut Value) {
            match value {
                Value::String(_) => {}
                Value::Array(items) => items.iter_mut().for_each(written),
                Value::Object(fields) => fields.values_mut().for_each(written),
                other => *other = other.to_string().into(),
            }
        }
        fields.values_mut().for_each(written);
        Self(fields)
    }
}

impl fmt::Debug for Params {
    /// Names the parameters, and keeps their values, such as tokens, out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Params ")?;
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Params {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut params = Self::default();
        for (name, value) in pairs {
            params.insert(name, value);
        }
        params
    }
}

impl FromParams for Params {
    fn from_params(params: &Params) -> Result<Self, PayloadError> {
        Ok(params.clone())
    }
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> FromParams for T {
    fn from_params(params: &Params) -> Result<Self, PayloadError> {
        params.decode()
    }
}

/// Types that the connection parameters can be decoded into, as the first owned argument of
/// `#[connect]`: everything that is `DeserializeOwned`, and [`Params`] itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be decoded from connection parameters",
    label = "not connection parameters",
    note = "the first owned argument of `#[connect]` is what the client sent: a type with `#[derive(Deserialize)]`, or `Params`"
)]
pub trait FromParams: Sized {
    /// Decodes the parameters.
    fn from_params(params: &Params) -> Result<Self, PayloadError>;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Params, QueryError};

    #[test]
    fn queries_are_decoded_as_forms_write_them() {
        let params = Params::from_query("a=1+2&b=%C3%BC&c=%zz&d&a%5B%5D=x&a=3&&A=4").unwrap();
        let expected = json!({ "a": "3", "b": "ü", "c": "%zz", "d": "", "A": "4" });
        assert_eq!(json!(params), expected);
        assert_eq!(Params::from_query("a=%ff"), Err(QueryError::NotUtf8));
    }

    #[test]
    fn only_a_text_is_got_as_one() {
        let params = Params::from_query("a=1&b[]=2&c[d]=3").unwrap();
        assert_eq!((params.get("a"), params.get("b"), params.get("c")), (Some("1"), None, None));
        assert_eq!(params.value("b"), Some(&json!(["2"])));
        assert_eq!(params.value("d"), None);
    }

    #[test]
    fn parameters_are_printed_without_their_values() {
        let params = Params::from_query("token=secret&user[password]=secret").unwrap();
        assert_eq!(format!("{params:?}"), r#"Params {"token", "user"}"#);
    }
}
