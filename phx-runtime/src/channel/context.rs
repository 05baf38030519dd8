//! Arguments of callbacks that are found by their type.

use std::{any::Any, fmt, sync::Arc};

use super::{joined::JoinError, pattern::Pattern, reply_ref::ReplyRef, socket::Socket};
use crate::{
    connect::{ConnectInfo, params::FromParams},
    endpoint::{Endpoint, Requirements, State},
    message::{Event, Fault, Payload, PayloadError, Topic},
    serializer::MessageRef,
};

/// What a channel callback is called with besides its payload.
#[derive(Clone, Debug)]
pub struct Context {
    socket: Socket,
    event: Event,
    reference: Option<MessageRef>,
}

impl Context {
    pub(crate) fn new(socket: Socket, event: Event, reference: Option<MessageRef>) -> Self {
        Self { socket, event, reference }
    }

    /// The channel's handle.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// The event that arrived; empty for `#[handle_info]` and `#[terminate]`.
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// The application's state of type `T`, cloned.
    ///
    /// # Errors
    ///
    /// None was registered with [`Builder::state`](crate::server::Builder::state). As a handler's error
    /// that ends the channel.
    pub fn state<T: Any + Clone + Send + Sync>(&self) -> Result<State<T>, Fault> {
        self.socket.endpoint().state()
    }

    pub(crate) fn expects_reply(&self) -> bool {
        self.reference.is_some()
    }
}

/// Types that `#[handle_in]`, `#[handle_out]`, `#[handle_info]` and `#[terminate]` can take as
/// context. Implement it to give handlers arguments of your own.
///
/// ```
/// use phx_runtime::{Fault, channel::{Context, FromEvent}};
///
/// struct Locale(&'static str);
///
/// impl FromEvent<'_> for Locale {
///     fn from_event(cx: &Context) -> Result<Self, Fault> {
///         Ok(Locale(if cx.socket().topic().starts_with("de:") { "de" } else { "en" }))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not something a channel handler can receive",
    label = "not a handler argument",
    note = "the first argument without `&` is what arrived, and there is one of those; \
            the others are context: `&Socket`, `Event`, `&Topic`, `&Endpoint`, `ReplyRef` or `State<T>`"
)]
pub trait FromEvent<'a>: Sized {
    /// Finds the argument. A fault ends the channel.
    fn from_event(cx: &'a Context) -> Result<Self, Fault>;

    /// Registers the application state that the argument needs, checked when the endpoint is built.
    fn requires(_requirements: &mut Requirements) {}
}

#[diagnostic::do_not_recommend]
impl<'a> FromEvent<'a> for &'a Socket {
    fn from_event(cx: &'a Context) -> Result<Self, Fault> {
        Ok(&cx.socket)
    }
}

#[diagnostic::do_not_recommend]
impl<'a> FromEvent<'a> for &'a Topic {
    fn from_event(cx: &'a Context) -> Result<Self, Fault> {
        Ok(cx.socket.topic())
    }
}

#[diagnostic::do_not_recommend]
impl<'a> FromEvent<'a> for &'a Endpoint {
    fn from_event(cx: &'a Context) -> Result<Self, Fault> {
        Ok(cx.socket.endpoint())
    }
}

#[diagnostic::do_not_recommend]
impl FromEvent<'_> for Event {
    fn from_event(cx: &Context) -> Result<Self, Fault> {
        Ok(cx.event.clone())
    }
}

#[diagnostic::do_not_recommend]
impl<'a> FromEvent<'a> for &'a Event {
    fn from_event(cx: &'a Context) -> Result<Self, Fault> {
        Ok(&cx.event)
    }
}

#[diagnostic::do_not_recommend]
impl FromEvent<'_> for ReplyRef {
    fn from_event(cx: &Context) -> Result<Self, Fault> {
        let reference = cx.reference.clone();
        let reference =
            reference.ok_or_else(|| Fault::new("the message has no ref to reply to"))?;
        Ok(Self::new(cx.socket.clone(), reference))
    }
}

#[diagnostic::do_not_recommend]
impl FromEvent<'_> for Option<ReplyRef> {
    fn from_event(cx: &Context) -> Result<Self, Fault> {
        let reference = cx.reference.clone();
        Ok(reference.map(|reference| ReplyRef::new(cx.socket.clone(), reference)))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Any + Clone + Send + Sync> FromEvent<'_> for State<T> {
    fn from_event(cx: &Context) -> Result<Self, Fault> {
        cx.state()
    }

    fn requires(requirements: &mut Requirements) {
        requirements.state::<T>();
    }
}

/// What a `#[join]` is called with; `S` is the type of the connection's socket.
pub struct JoinContext<S> {
    user: Arc<dyn AsRef<S> + Send + Sync>,
    topic: Topic,
    pattern: Pattern,
    payload: Payload,
    endpoint: Endpoint,
}

impl<S> JoinContext<S> {
    pub(crate) fn new(
        user: Arc<dyn AsRef<S> + Send + Sync>,
        topic: Topic,
        pattern: Pattern,
        payload: Payload,
        endpoint: Endpoint,
    ) -> Self {
        Self { user, topic, pattern, payload, endpoint }
    }

    /// The connection's socket.
    pub fn user(&self) -> &S {
        (*self.user).as_ref()
    }

    /// The topic to join.
    pub fn topic(&self) -> &Topic {
        &self.topic
    }

    /// The pattern that the topic matched.
    pub fn pattern(&self) -> Pattern {
        self.pattern
    }

    /// What the client sent along with the join.
    pub fn payload(&self) -> Payload {
        self.payload.clone()
    }

    /// The topic parameter called `name`, parsed.
    ///
    /// # Errors
    ///
    /// The pattern has no such parameter, or its text does not parse: there is no such topic, and the
    /// client is told `unmatched topic`.
    pub fn parameter<T: FromTopic>(&self, name: &str) -> Result<T, JoinError> {
        let text = self.pattern.capture(&self.topic, name);
        text.and_then(T::from_topic).ok_or_else(JoinError::unmatched_topic)
    }

    /// The endpoint that serves the connection.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl<S> fmt::Debug for JoinContext<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinContext")
            .field("topic", &self.topic)
            .field("pattern", &self.pattern)
            .finish_non_exhaustive()
    }
}

/// Types that `#[join]` can take as context when its channel is mounted on the socket `S`.
///
/// What a `#[join]` borrows beside `&Topic` and `&Endpoint` is the state of its socket, `&S`, so implement this for
/// types that are taken by value. An implementation for every `S` works with all sockets; one for a certain `S` makes
/// the compiler refuse others:
///
/// ```
/// # struct UserSocket { admin: bool }
/// use phx_runtime::{Fault, channel::{FromJoin, JoinContext}};
///
/// struct IsAdmin(bool);
///
/// impl FromJoin<'_, UserSocket> for IsAdmin {
///     fn from_join(cx: &JoinContext<UserSocket>) -> Result<Self, Fault> {
///         Ok(Self(cx.user().admin))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not available while joining from `{S}`",
    label = "not an argument `#[join]` can receive here",
    note = "`#[join]` takes topic parameters by name, then what the client sent along, then context: `&{S}`, `&Topic`, `&Endpoint` or `State<T>`"
)]
pub trait FromJoin<'a, S>: Sized {
    /// Finds the argument. A fault fails the join.
    fn from_join(cx: &'a JoinContext<S>) -> Result<Self, Fault>;

    /// Registers the application state that the argument needs, checked when the endpoint is built.
    fn requires(_requirements: &mut Requirements) {}
}

#[diagnostic::do_not_recommend]
impl<'a, S> FromJoin<'a, S> for &'a Topic {
    fn from_join(cx: &'a JoinContext<S>) -> Result<Self, Fault> {
        Ok(&cx.topic)
    }
}

#[diagnostic::do_not_recommend]
impl<'a, S> FromJoin<'a, S> for &'a Endpoint {
    fn from_join(cx: &'a JoinContext<S>) -> Result<Self, Fault> {
        Ok(&cx.endpoint)
    }
}

#[diagnostic::do_not_recommend]
impl<S, T: Any + Clone + Send + Sync> FromJoin<'_, S> for State<T> {
    fn from_join(cx: &JoinContext<S>) -> Result<Self, Fault> {
        cx.endpoint.state()
    }

    fn requires(requirements: &mut Requirements) {
        requirements.state::<T>();
    }
}

/// What a `#[connect]` is called with.
#[derive(Debug)]
pub struct ConnectContext {
    info: ConnectInfo,
    endpoint: Endpoint,
}

impl ConnectContext {
    pub(crate) fn new(info: ConnectInfo, endpoint: Endpoint) -> Self {
        Self { info, endpoint }
    }

    /// What is known of the request.
    pub fn info(&self) -> &ConnectInfo {
        &self.info
    }

    /// The endpoint that serves the connection.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The connection parameters, decoded.
    ///
    /// # Errors
    ///
    /// They are not of that type. As the error of a `connect` that refuses the client with status 403.
    pub fn params<T: FromParams>(&self) -> Result<T, PayloadError> {
        T::from_params(self.info.params())
    }
}

/// Types that `#[connect]` can take as context.
///
/// ```
/// use phx_runtime::{Fault, socket::{ConnectContext, FromConnect}};
///
/// struct ForwardedFor(Option<String>);
///
/// impl FromConnect<'_> for ForwardedFor {
///     fn from_connect(cx: &ConnectContext) -> Result<Self, Fault> {
///         let mut headers = cx.info().x_headers();
///         let address = headers.find(|(name, _)| *name == "x-forwarded-for");
///         Ok(Self(address.map(|(_, value)| value.to_owned())))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not available while connecting",
    label = "not an argument `#[connect]` can receive",
    note = "`#[connect]` takes the connection parameters, then context: `&ConnectInfo`, `&Endpoint` or `State<T>`"
)]
pub trait FromConnect<'a>: Sized {
    /// Finds the argument. A fault fails the connection.
    fn from_connect(cx: &'a ConnectContext) -> Result<Self, Fault>;

    /// Registers the application state that the argument needs, checked when the endpoint is built.
    fn requires(_requirements: &mut Requirements) {}
}

#[diagnostic::do_not_recommend]
impl<'a> FromConnect<'a> for &'a ConnectInfo {
    fn from_connect(cx: &'a ConnectContext) -> Result<Self, Fault> {
        Ok(&cx.info)
    }
}

#[diagnostic::do_not_recommend]
impl<'a> FromConnect<'a> for &'a Endpoint {
    fn from_connect(cx: &'a ConnectContext) -> Result<Self, Fault> {
        Ok(&cx.endpoint)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Any + Clone + Send + Sync> FromConnect<'_> for State<T> {
    fn from_connect(cx: &ConnectContext) -> Result<Self, Fault> {
        cx.endpoint.state()
    }

    fn requires(requirements: &mut Requirements) {
        requirements.state::<T>();
    }
}

/// Types that a topic parameter can be parsed into: everything that is `FromStr`.
#[diagnostic::on_unimplemented(
    message = "topic parameter of type `{Self}` cannot be parsed from text",
    label = "not a topic parameter",
    note = "implement `std::str::FromStr`, or take the parameter as `String`"
)]
pub trait FromTopic: Sized {
    /// Parses the text; a topic whose parameter does not parse does not exist.
    fn from_topic(text: &str) -> Option<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: std::str::FromStr> FromTopic for T {
    fn from_topic(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}
