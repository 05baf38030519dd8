//! Clients that come unencrypted are sent to where they are not.

use std::{borrow::Cow, time::Duration};

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use super::{connect_error::plain_response, origin::split_port, via::Via};

/// How clients are treated that come without encryption; given to
/// [`Builder::force_ssl`](crate::server::Builder::force_ssl).
///
/// They are redirected to the same address under `https`, with status 301, or 307 where a request has
/// a body to be sent again. A WebSocket handshake is refused with status 403, since browsers do not
/// follow redirects there. Encrypted answers have `Strict-Transport-Security`, with which browsers do
/// not try anything else for the next year.
///
/// What a [trusted proxy](crate::options::TrustedProxies) says of the client's connection counts.
///
/// ```
/// use phx_runtime::{Endpoint, options::ForceSsl};
///
/// let force = ForceSsl::new().host("example.com");
/// let endpoint = Endpoint::builder().force_ssl(force).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Phoenix counterpart: the endpoint's `force_ssl`, which is `Plug.SSL`.
#[derive(Clone, Debug)]
pub struct ForceSsl {
    host: Option<Cow<'static, str>>,
    exclude: Vec<Cow<'static, str>>,
    hsts: Option<Duration>,
    subdomains: bool,
    preload: bool,
    redirects: bool,
}

impl ForceSsl {
    /// Redirects; requests for `localhost` are let through.
    pub fn new() -> Self {
        Self {
            host: None,
            exclude: vec!["localhost".into()],
            hsts: Some(Duration::from_hours(24 * 365)),
            subdomains: false,
            preload: false,
            redirects: true,
        }
    }

    /// Redirects to this host, which may have a port, instead of the one that was asked for.
    pub fn host(mut self, host: impl Into<Cow<'static, str>>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// Lets requests for these hosts through, without port; `localhost` by default.
    pub fn exclude<T: Into<Cow<'static, str>>>(
        mut self,
        hosts: impl IntoIterator<Item = T>,
    ) -> Self {
        self.exclude = hosts.into_iter().map(Into::into).collect();
        self
    }

    /// For how long browsers remember that the host is encrypted; a year by default, `None` sends
    /// no `Strict-Transport-Security`.
    pub fn hsts(mut self, max_age: Option<Duration>) -> Self {
        self.hsts = max_age;
        self
    }

    /// Says in `Strict-Transport-Security` that it holds for subdomains too; off by default.
    pub fn subdomains(mut self, on: bool) -> Self {
        self.subdomains = on;
        self
    }

    /// Says in `Strict-Transport-Security` that browsers may have the host built in; off by default.
    pub fn preload(mut self, on: bool) -> Self {
        self.preload = on;
        self
    }

    /// Refuses with status 403 instead of redirecting.
    pub fn refuse(mut self) -> Self {
        self.redirects = false;
        self
    }

    /// The answer to a request that is not let through.
    pub(crate) fn answer(
        &self,
        via: &Via,
        method: &Method,
        target: &str,
        headers: &HeaderMap,
    ) -> Option<Response<String>> {
        if via.is_secure {
            return None;
        }
        let asked = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let asked = via.host.as_deref().or(asked).unwrap_or_default();
        let (name, _) = split_port(asked).unwrap_or((asked, None));
        if self.exclude.iter().any(|host| host.eq_ignore_ascii_case(name)) {
            return None;
        }
        let host = self.host.as_deref().unwrap_or(name);
        let upgrades = headers.contains_key(header::UPGRADE);
        let location = HeaderValue::from_str(&format!("https://{host}{target}")).ok();
        let Some(location) = location.filter(|_| self.redirects && !upgrades && !host.is_empty())
        else {
            return Some(plain_response(StatusCode::FORBIDDEN, "this server is reached over TLS"));
        };
        let status = if matches!(*method, Method::GET | Method::HEAD) {
            StatusCode::MOVED_PERMANENTLY
        } else {
            StatusCode::TEMPORARY_REDIRECT
        };
        let mut response = plain_response(status, "");
        response.headers_mut().insert(header::LOCATION, location);
        Some(response)
    }

    /// What encrypted answers say.
    pub(crate) fn hsts_header(&self) -> Option<HeaderValue> {
        let mut value = format!("max-age={}", self.hsts?.as_secs());
        if self.subdomains {
            value.push_str("; includeSubDomains");
        }
        if self.preload {
            value.push_str("; preload");
        }
        HeaderValue::from_str(&value).ok()
    }
}

impl Default for ForceSsl {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, Method, header};

    use super::{ForceSsl, Via};

    /// The status, and where to.
    fn answer(force: &ForceSsl, via: &Via, method: &Method, host: &str) -> Option<(u16, String)> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        let answer = force.answer(via, method, "/a?b=c", &headers)?;
        let to = answer.headers().get(header::LOCATION);
        Some((answer.status().as_u16(), to.map_or("", |to| to.to_str().unwrap()).to_owned()))
    }

    fn to(status: u16, target: &str) -> (u16, String) {
        (status, target.to_owned())
    }

    #[test]
    fn who_comes_unencrypted_is_redirected() {
        let (force, via) = (ForceSsl::new(), Via::default());
        let to_same = "https://example.com/a?b=c";
        assert_eq!(answer(&force, &via, &Method::GET, "example.com:80"), Some(to(301, to_same)));
        assert_eq!(answer(&force, &via, &Method::POST, "example.com"), Some(to(307, to_same)));
        assert_eq!(answer(&force, &via, &Method::GET, "localhost:4000"), None);
        let other = ForceSsl::new().host("a.example:8443").exclude(["x"]);
        let to_other = to(301, "https://a.example:8443/a?b=c");
        assert_eq!(answer(&other, &via, &Method::GET, "localhost"), Some(to_other));
        let refuses = ForceSsl::new().refuse();
        assert_eq!(answer(&refuses, &via, &Method::GET, "example.com"), Some(to(403, "")));
    }

    #[test]
    fn who_comes_encrypted_is_let_through_and_told_to_stay_so() {
        let via = Via { is_secure: true, ..Via::default() };
        assert_eq!(answer(&ForceSsl::new(), &via, &Method::GET, "example.com"), None);
        assert_eq!(ForceSsl::new().hsts_header().unwrap(), "max-age=31536000");
        let all = ForceSsl::new().subdomains(true).preload(true);
        let value = all.hsts_header().unwrap();
        assert_eq!(value, "max-age=31536000; includeSubDomains; preload");
        assert_eq!(ForceSsl::new().hsts(None).hsts_header(), None);
    }

    #[test]
    fn a_handshake_is_refused_because_browsers_do_not_follow() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("example.com"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        let answer = ForceSsl::new().answer(&Via::default(), &Method::GET, "/", &headers);
        assert_eq!(answer.unwrap().status(), 403);
    }
}
