//! Connection parameters.

use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::channel::{FromParams, PayloadError};

/// The parameters of a connection: path variables of the mount, then the query.
///
/// Of repeated names the last one counts. Names are case-sensitive.
///
/// ```
/// use phx_runtime::Params;
///
/// let params = Params::from_query("token=a%20b&vsn=2.0.0&token=c").unwrap();
/// assert_eq!(params.get("token"), Some("c"));
/// assert_eq!(params.get("vsn"), Some("2.0.0"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

/// A query that does not decode to UTF-8 text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the query is not UTF-8 text once it is percent-decoded")]
pub struct QueryError;

impl Params {
    /// Decodes a query as HTML forms write it: `+` is a space, and a `%` without two digits after
    /// it stands for itself.
    pub fn from_query(query: &str) -> Result<Self, QueryError> {
        let mut params = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            params.insert(decode(name)?, decode(value)?);
        }
        Ok(params)
    }

    /// Sets a parameter.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All parameters, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Decodes the parameters into a type: texts into its fields, parsed where they are numbers or
    /// booleans.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, PayloadError> {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish();
        serde_urlencoded::from_str(&query).map_err(|error| PayloadError::new(error.to_string()))
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

fn decode(text: &str) -> Result<String, QueryError> {
    let spaced = text.replace('+', " ");
    Ok(percent_decode_str(&spaced).decode_utf8().map_err(|_| QueryError)?.into_owned())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{Params, QueryError};

    #[test]
    fn queries_are_decoded_as_forms_write_them() {
        let params = Params::from_query("a=1+2&b=%C3%BC&c=%zz&d&a%5B%5D=x&a=3&&A=4").unwrap();
        let all: Vec<_> = params.iter().collect();
        assert_eq!(
            all,
            [("a", "3"), ("b", "ü"), ("c", "%zz"), ("d", ""), ("a[]", "x"), ("A", "4")]
        );
        assert_eq!(Params::from_query("a=%ff"), Err(QueryError));
    }

    #[test]
    fn parameters_decode_into_the_types_of_fields() {
        #[derive(Deserialize, Debug, PartialEq)]
        struct Connect {
            token: String,
            room: Option<u32>,
        }
        let decode = |query| Params::from_query(query).unwrap().decode::<Connect>();
        let expected = Connect { token: "a b".into(), room: Some(7) };
        assert_eq!(decode("token=a+b&room=7&vsn=2.0.0").unwrap(), expected);
        assert!(decode("room=7").unwrap_err().to_string().contains("token"));
        assert!(decode("token=a&room=x").is_err());
    }
}
