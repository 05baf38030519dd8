//! The application's session, read from the cookie that its own pages set.

use std::{borrow::Cow, fmt, time::Duration};

use http::{HeaderMap, HeaderValue, header::COOKIE};
use serde::Serialize;
use serde_json::{Map, Value};
use thiserror::Error;

use super::{csrf, subprotocols::is_name};
#[cfg(feature = "phoenix")]
use crate::phoenix;
use crate::token::{RandomError, SignError, Token, TokenAge, Verifier};

/// Browsers ignore larger cookies.
const LARGEST: usize = 4096;

/// What the application remembers of a browser: a map that travels in a signed cookie.
///
/// The browser's owner can read it, and cannot change it.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Session(Map<String, Value>);

impl Session {
    /// An empty session.
    pub fn new() -> Self {
        Self::default()
    }

    /// A value.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// Sets a value.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        self.0.insert(key.into(), value.into());
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.0.remove(key)
    }

    /// All values; that of the CSRF protection is among them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (&**key, value))
    }
}

impl fmt::Debug for Session {
    /// Names the keys, and keeps the values out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session ")?;
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Where a session is kept, for the endpoint and for the application's own routes.
///
/// The cookie holds the session, signed with the [`Secret`](crate::token::Secret) of the endpoint. A
/// page is given the cookie and a CSRF token that belongs to it; its script sends the token as the
/// connection parameter `_csrf_token`:
///
/// ```
/// use phx_runtime::{
///     ConnectInfo, Endpoint,
///     options::{Mount, SessionOptions},
///     session_cookie::Session,
/// };
///
/// fn session() -> SessionOptions {
///     SessionOptions::new("_my_app_key")
/// }
///
/// let endpoint = Endpoint::builder()
///     .secret("at least twenty bytes of secret")
///     .session(session())
///     // .socket::<UserSocket>()
///     .build()?;
///
/// // After a login:
/// let mut user = Session::new();
/// user.insert("user_id", 42);
/// let csrf_token = session().csrf_token(&mut user)?; // goes into the page
/// let set_cookie = session().set_cookie(&user, endpoint.secret())?; // and this beside it
/// assert!(set_cookie.to_str()?.ends_with("; Path=/; HttpOnly; SameSite=Lax"));
///
/// // In `#[connect]`:
/// fn user_id(info: &ConnectInfo) -> Option<u64> {
///     info.session()?.get("user_id")?.as_u64()
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A session without its CSRF token, or with the token of another one, counts as none: the page of
/// another site can make a browser connect, and the browser sends its cookies along.
///
/// Phoenix counterparts: `plug Plug.Session, store: :cookie, …` and `connect_info: [session: …]`.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    cookie: Cow<'static, str>,
    csrf_key: Cow<'static, str>,
    secure: bool,
    max_age: Option<Duration>,
    leeway: Duration,
    #[cfg(feature = "phoenix")]
    phoenix: Option<phoenix::SessionCookie>,
}

/// A session that cannot be given to a browser.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The cookie's name has characters that names of cookies cannot have.
    #[error("{0:?} is not a name for a cookie")]
    Name(String),
    /// Browsers would ignore the cookie.
    #[error("the session makes a cookie of {0} bytes, more than {LARGEST}")]
    TooLarge(usize),
    /// It cannot be signed.
    #[error("the session cannot be signed")]
    Sign(#[from] SignError),
    /// There is no random number for a CSRF token.
    #[error("no CSRF token can be made: {0}")]
    Random(String),
    /// No cookie of Phoenix can be made of it.
    #[cfg(feature = "phoenix")]
    #[error("the session cannot be one of Phoenix")]
    Phoenix(#[from] phoenix::CookieError),
}

impl SessionError {
    /// A word for it in metrics and logs, such as `too_large`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Name(_) => "name",
            Self::TooLarge(_) => "too_large",
            Self::Sign(_) => "sign",
            Self::Random(_) => "random",
            #[cfg(feature = "phoenix")]
            Self::Phoenix(_) => "phoenix",
        }
    }
}

impl From<RandomError> for SessionError {
    fn from(error: RandomError) -> Self {
        Self::Random(error.to_string())
    }
}

impl SessionOptions {
    /// A session in the cookie with this name.
    pub fn new(cookie: impl Into<Cow<'static, str>>) -> Self {
        Self {
            cookie: cookie.into(),
            csrf_key: "_csrf_token".into(),
            secure: false,
            max_age: None,
            leeway: TokenAge::LEEWAY,
            #[cfg(feature = "phoenix")]
            phoenix: None,
        }
    }

    /// The key of the session under which the state of the CSRF protection is kept; `_csrf_token`
    /// by default. The connection parameter is called `_csrf_token` whatever is set here.
    ///
    /// Phoenix counterpart: `csrf_token_key`.
    pub fn csrf_key(mut self, key: impl Into<Cow<'static, str>>) -> Self {
        self.csrf_key = key.into();
        self
    }

    /// Reads and sets the session cookie of a Phoenix application, and its CSRF tokens. Whoever has
    /// logged in there is known here, in `#[connect]` as in the application's own routes.
    ///
    /// ```
    /// use phx_runtime::{options::SessionOptions, phoenix::SessionCookie};
    ///
    /// # let secret_key_base = "at least twenty bytes of secret";
    /// // plug Plug.Session, store: :cookie, key: "_my_app_key", signing_salt: "aB3dE5gH"
    /// let cookie = SessionCookie::signed(secret_key_base, "aB3dE5gH");
    /// let session = SessionOptions::new("_my_app_key").phoenix(cookie);
    /// ```
    ///
    /// The secret is that of the [`SessionCookie`](phoenix::SessionCookie), not the endpoint's.
    /// There is no time in the cookie, so [`max_age`](Self::max_age) is what the browser is told, and
    /// no more. Values are seen as JSON, atoms as strings; a value without JSON form, such as a tuple,
    /// is left out, and would be lost if the cookie were set here. Where that matters, leave it to
    /// Phoenix to set it.
    #[cfg(feature = "phoenix")]
    pub fn phoenix(mut self, cookie: phoenix::SessionCookie) -> Self {
        self.phoenix = Some(cookie);
        self
    }

    /// Lets browsers send the cookie over TLS alone; off by default, to be set in production.
    pub fn secure(mut self, on: bool) -> Self {
        self.secure = on;
        self
    }

    /// How long a session is good for after its cookie was set. By default until the browser is
    /// closed, as far as the browser decides, and without limit, as far as the server does.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// How far the clock of the server that set the cookie may be ahead; 60 s by default.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// The session of a request to one of the application's own routes. None if the request has
    /// none, or one that was not signed with this secret under this cookie's name.
    ///
    /// No CSRF token is asked for, since a page that is merely shown needs none.
    pub fn load(&self, headers: &HeaderMap, secret: impl AsRef<[u8]>) -> Option<Session> {
        let of_name = cookies(headers, &self.cookie);
        // Another host of the same domain can set a cookie of the same name, but sign none.
        let mut values = of_name.filter_map(|value| std::str::from_utf8(value).ok()).peekable();
        values.peek()?;
        #[cfg(feature = "phoenix")]
        if let Some(cookie) = &self.phoenix {
            return values.find_map(|value| cookie.read_json(value)).map(Session);
        }
        let age = TokenAge::at_most(self.max_age.unwrap_or(Duration::MAX)).leeway(self.leeway);
        let verifier = Verifier::new(secret.as_ref(), self.salt().as_bytes(), age).ok()?;
        values.find_map(|value| verifier.verify(value).ok()).map(Session)
    }

    /// The value of the `Set-Cookie` header that gives a browser this session.
    ///
    /// Call [`csrf_token`](Self::csrf_token) first, so that the session has a state that tokens
    /// can belong to.
    ///
    /// # Errors
    ///
    /// See [`SessionError`].
    pub fn set_cookie(
        &self,
        session: &Session,
        secret: impl AsRef<[u8]>,
    ) -> Result<HeaderValue, SessionError> {
        if !self.has_valid_name() {
            return Err(SessionError::Name(self.cookie.to_string()));
        }
        let value = self.write(session, secret.as_ref())?;
        let size = self.cookie.len() + value.len() + 1;
        if size > LARGEST {
            return Err(SessionError::TooLarge(size));
        }
        let mut header = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax", self.cookie);
        if self.secure {
            header.push_str("; Secure");
        }
        if let Some(age) = self.max_age {
            header.push_str("; Max-Age=");
            header.push_str(&age.as_secs().to_string());
        }
        HeaderValue::try_from(header).map_err(|_| SessionError::Name(self.cookie.to_string()))
    }

    /// A CSRF token that belongs to the session, new each time; all of them are good as long as
    /// the session is. Made for the first time, it changes the session, whose cookie has to be set
    /// anew.
    ///
    /// # Errors
    ///
    /// The operating system gives no random numbers.
    pub fn csrf_token(&self, session: &mut Session) -> Result<String, SessionError> {
        if let Some(token) = self.state(session).and_then(|state| self.masked(state)) {
            return token;
        }
        // A state of Phoenix is one of the same kind.
        let state = csrf::new_state()?;
        let token = self.masked(&state).transpose()?.unwrap_or_default();
        session.insert(&*self.csrf_key, state);
        Ok(token)
    }

    /// Whether a CSRF token belongs to the session, for routes of the application that change
    /// something. Compared in constant time.
    pub fn accepts_csrf_token(&self, session: &Session, token: &str) -> bool {
        self.state(session).is_some_and(|state| self.belongs(token, state))
    }

    fn has_valid_name(&self) -> bool {
        is_name(&self.cookie)
    }

    /// Why no browser, or no server, would take the session.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        if !self.has_valid_name() {
            Some("that is no name for a cookie")
        } else if self.max_age.is_some_and(|age| age.is_zero()) {
            Some("with a `max_age` of zero it is always too old")
        } else if (self.has_prefix("__Secure-") || self.has_prefix("__Host-")) && !self.secure {
            Some("browsers take a cookie of such a name only with `secure(true)`")
        } else {
            None
        }
    }

    fn has_prefix(&self, prefix: &str) -> bool {
        self.cookie.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    }

    pub(crate) fn cookie(&self) -> &str {
        &self.cookie
    }

    fn state<'a>(&self, session: &'a Session) -> Option<&'a str> {
        session.get(&self.csrf_key)?.as_str()
    }

    fn write(&self, session: &Session, secret: &[u8]) -> Result<String, SessionError> {
        #[cfg(feature = "phoenix")]
        if let Some(cookie) = &self.phoenix {
            return Ok(cookie.write(session)?);
        }
        Ok(Token::sign(secret, self.salt(), session)?)
    }

    #[cfg_attr(not(feature = "phoenix"), expect(clippy::unused_self, reason = "of one form alone"))]
    fn masked(&self, state: &str) -> Option<Result<String, SessionError>> {
        #[cfg(feature = "phoenix")]
        if self.phoenix.is_some() {
            let masked = phoenix::csrf::masked(state).transpose()?;
            return Some(masked.map_err(|error| SessionError::Random(error.to_string())));
        }
        csrf::masked(state).map(|token| Ok(token?))
    }

    #[cfg_attr(not(feature = "phoenix"), expect(clippy::unused_self, reason = "of one form alone"))]
    fn belongs(&self, token: &str, state: &str) -> bool {
        #[cfg(feature = "phoenix")]
        if self.phoenix.is_some() {
            return phoenix::csrf::belongs(token, state);
        }
        csrf::belongs(token, state)
    }

    /// Binds the signature to the cookie's name: a session is invalid under another name.
    fn salt(&self) -> String {
        format!("phx session {}", self.cookie)
    }
}

/// The values of the cookies with this name. Cookies are bytes (RFC 6265 section 5.4): what others set
/// need not be text.
pub(crate) fn cookies<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a [u8]> {
    let pairs =
        headers.get_all(COOKIE).iter().flat_map(|line| line.as_bytes().split(|b| *b == b';'));
    pairs.filter_map(move |pair| {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        (pair[..at].trim_ascii() == name.as_bytes()).then(|| pair[at + 1..].trim_ascii())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "at least twenty bytes of secret";

    fn options() -> SessionOptions {
        SessionOptions::new("_key")
    }

    fn session() -> Session {
        let mut session = Session::new();
        session.insert("user", "Ann");
        session
    }

    /// The header with which a browser sends back what it was given.
    fn sent_back(set_cookie: &HeaderValue) -> String {
        set_cookie.to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    fn load(options: &SessionOptions, cookies: &[&str]) -> Option<Session> {
        let line = |line: &&str| (COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        let headers: HeaderMap = cookies.iter().map(line).collect();
        options.load(&headers, SECRET)
    }

    #[test]
    fn a_session_comes_back_among_other_cookies() {
        let cookie = sent_back(&options().set_cookie(&session(), SECRET).unwrap());
        assert_eq!(load(&options(), &[&cookie]), Some(session()));
        assert_eq!(load(&options(), &[&format!("a=b; {cookie}; c")]), Some(session()));
        assert_eq!(load(&options(), &["a=b", &cookie]), Some(session()));
        assert_eq!(load(&options(), &[&format!("_key=forged; {cookie}")]), Some(session()));
        assert_eq!(load(&options(), &[]), None);
        assert_eq!(load(&options(), &["_key=", "_key"]), None);
    }

    #[test]
    fn cookies_of_others_that_are_no_text_hide_nothing() {
        let cookie = sent_back(&options().set_cookie(&session(), SECRET).unwrap());
        for others in
            [&b"name=J\xf6rg"[..], "_ga=\u{fc}".as_bytes(), b"open=\"", b"=", b"_key=\xff"]
        {
            let line = [others, b"; ", cookie.as_bytes(), b"; ", others].concat();
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_bytes(&line).unwrap());
            let loaded = options().load(&headers, SECRET);
            assert_eq!(loaded, Some(session()), "{}", String::from_utf8_lossy(others));
        }
    }

    #[test]
    fn a_cookie_of_a_server_whose_clock_is_ahead_is_accepted() {
        let later = std::time::SystemTime::now() + Duration::from_secs(50);
        let value = Token::sign_at(SECRET, options().salt(), &session(), later).unwrap();
        let cookie = format!("_key={value}");
        assert_eq!(load(&options().max_age(Duration::from_hours(1)), &[&cookie]), Some(session()));
        assert_eq!(load(&options().leeway(Duration::ZERO), &[&cookie]), None);
    }

    #[test]
    fn a_changed_cookie_is_none() {
        let cookie = sent_back(&options().set_cookie(&session(), SECRET).unwrap());
        assert_eq!(load(&options(), &[&format!("{cookie}x")]), None);
        assert_eq!(load(&options(), &[&cookie.replacen('=', "=x", 1)]), None);
        let other = SessionOptions::new("_other");
        assert_eq!(load(&other, &[&cookie.replacen("_key", "_other", 1)]), None);
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, cookie.parse().unwrap());
        assert_eq!(options().load(&headers, "another secret of 26 bytes"), None);
    }

    #[test]
    fn the_cookie_is_kept_from_scripts_and_other_sites() {
        let attributes = |options: SessionOptions| {
            let header = options.set_cookie(&session(), SECRET).unwrap();
            header.to_str().unwrap().split_once("; ").unwrap().1.to_owned()
        };
        assert_eq!(attributes(options()), "Path=/; HttpOnly; SameSite=Lax");
        let strict = options().secure(true).max_age(Duration::from_secs(90));
        assert_eq!(attributes(strict), "Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=90");
    }

    #[test]
    fn a_session_is_too_old_after_its_greatest_age() {
        let cookie = sent_back(&options().set_cookie(&session(), SECRET).unwrap());
        assert_eq!(load(&options().max_age(Duration::ZERO), &[&cookie]), None);
        assert!(load(&options().max_age(Duration::from_hours(1)), &[&cookie]).is_some());
    }

    #[test]
    fn what_browsers_would_ignore_is_an_error() {
        let mut large = session();
        large.insert("text", "x".repeat(4000));
        assert!(matches!(options().set_cookie(&large, SECRET), Err(SessionError::TooLarge(_))));
        for name in ["", "a b", "a;b", "a=b", "ä", "a\r\n"] {
            let named = SessionOptions::new(name).set_cookie(&session(), SECRET);
            assert!(matches!(named, Err(SessionError::Name(_))), "{name:?}");
        }
    }

    #[test]
    fn csrf_tokens_belong_to_a_session_and_leave_it_as_it_is() {
        let mut session = session();
        let first = options().csrf_token(&mut session).unwrap();
        let kept = session.clone();
        let second = options().csrf_token(&mut session).unwrap();
        assert_eq!(session, kept);
        assert!(options().accepts_csrf_token(&session, &first));
        assert!(options().accepts_csrf_token(&session, &second));
        assert!(!options().accepts_csrf_token(&session, "bad"));
        assert!(!options().accepts_csrf_token(&Session::new(), &first));
        assert!(!options().csrf_key("_other").accepts_csrf_token(&session, &first));
    }

    #[cfg(feature = "phoenix")]
    mod of_phoenix {
        use super::*;
        use crate::phoenix::{Atom, Map, SessionCookie, Term};

        const SECRET: &str =
            "interop-cookie-secret-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP";
        const COOKIE: &str = "_key=SFMyNTY.g3QAAAACbQAAAAtfY3NyZl90b2tlbm0AAAAYUXNGV2QzWHFYZ3EycFlKM\
                              S1MZDBfNFprbQAAAAd1c2VyX2lkYSo.WlPR-7vP9xOmYT-7uiC-cGoqb2tx9ZzXoqka_x\
                              N-WK8";
        const CSRF_TOKEN: &str = "M0YFNDQBbAA1BERUO2gyZBkBXVYRdS4ub5CcP24qmc5fK1xU4M9fNAtE";

        fn cookie() -> SessionCookie {
            SessionCookie::signed(SECRET, "aB3dE5gH")
        }

        #[test]
        fn a_session_of_phoenix_is_known_with_its_csrf_tokens() {
            let options = options().phoenix(cookie());
            let mut session = load(&options, &["a=b", COOKIE]).unwrap();
            assert_eq!(session.get("user_id"), Some(&42.into()));
            assert!(options.accepts_csrf_token(&session, CSRF_TOKEN));
            let kept = session.clone();
            let token = options.csrf_token(&mut session).unwrap();
            assert_eq!((token.len(), &session), (56, &kept));
            assert!(options.accepts_csrf_token(&session, &token));
            assert!(!options.accepts_csrf_token(&session, "QsFWd3XqXgq2pYJ1-Ld0_4Zk"));
            assert_eq!(load(&super::options(), &[COOKIE]), None);
        }

        #[test]
        fn a_session_is_set_as_phoenix_sets_it() {
            let options = options().phoenix(cookie());
            let session = load(&options, &[COOKIE]).unwrap();
            assert_eq!(sent_back(&options.set_cookie(&session, "").unwrap()), COOKIE);
            let mut fresh = Session::new();
            let token = options.csrf_token(&mut fresh).unwrap();
            let cookie = sent_back(&options.set_cookie(&fresh, "").unwrap());
            assert!(options.accepts_csrf_token(&load(&options, &[&cookie]).unwrap(), &token));
        }

        #[test]
        fn values_without_json_form_are_left_out() {
            let pairs = vec![
                ("pair".into(), Term::Tuple(vec![])),
                ("locale".into(), Term::Atom(Atom::new("de").unwrap())),
            ];
            let value = cookie().write(&Term::Map(Map::new(pairs).unwrap())).unwrap();
            let session = load(&options().phoenix(cookie()), &[&format!("_key={value}")]).unwrap();
            assert_eq!(session.iter().collect::<Vec<_>>(), [("locale", &"de".into())]);
        }
    }

    #[test]
    fn a_session_is_printed_without_its_values() {
        assert_eq!(format!("{:?}", session()), r#"Session {"user"}"#);
    }
}
