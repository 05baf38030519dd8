//! A client that is about to connect.

use std::{fmt, marker::PhantomData, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use serde::Serialize;
use serde_json::Value;

use super::{
    client::Client,
    line::{Dial, Link},
    longpoll, memory,
    over::{Asking, Over, Way},
    websocket,
};
use crate::{
    channel::SocketState,
    connect::{ConnectError, ConnectInfo, Session, params::Params},
    endpoint::Endpoint,
    log,
    transport::TransportKind,
};

/// How long a client of a socket that is not mounted may be silent.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A client that is about to connect to the socket `S`; made by [`client`](super::client()).
#[must_use = "it connects with `connect`"]
pub struct Connecting<'a, S> {
    endpoint: &'a Endpoint,
    over: Over,
    info: ConnectInfo,
    headers: HeaderMap,
    socket: PhantomData<fn() -> S>,
}

impl<'a, S: SocketState> Connecting<'a, S> {
    pub(super) fn new(endpoint: &'a Endpoint) -> Self {
        let info = ConnectInfo::new(TransportKind::Custom("test"), Params::default());
        let (over, headers) = (Over::default(), HeaderMap::new());
        Self { endpoint, over, info, headers, socket: PhantomData }
    }

    /// Over what it connects; over memory by default. Over anything else the socket has to be mounted,
    /// under its own path, and the client sends the heartbeats of the stock one.
    ///
    /// ```
    /// # use phx_runtime::{prelude::*, testing};
    /// # struct User;
    /// # #[socket("/socket", websocket, longpoll)]
    /// # impl User {
    /// #     #[connect]
    /// #     fn connect() -> Result<Self, ConnectError> { Ok(Self) }
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use phx_runtime::testing::Over;
    ///
    /// let endpoint = Endpoint::builder().socket::<User>().build().unwrap();
    /// for over in [Over::Memory, Over::WebSocket, Over::LongPoll] {
    ///     let client = testing::client::<User>(&endpoint).over(over).connect().await.unwrap();
    ///     assert_eq!(endpoint.connections(), 1);
    ///     client.close().await;
    /// }
    /// # }
    /// ```
    ///
    /// [`test`](macro@super::test) makes a test for each of them.
    pub fn over(mut self, over: Over) -> Self {
        self.over = over;
        self
    }

    /// The fields of `params` as connection parameters. Numbers and the like become texts, as clients
    /// write them.
    ///
    /// # Panics
    ///
    /// Panics if `params` is not a JSON object.
    pub fn params(mut self, params: impl Serialize) -> Self {
        self.info.params = match serde_json::to_value(params) {
            Ok(Value::Object(fields)) => Params::from_fields(fields),
            other => panic!("connection parameters are a JSON object, not {other:?}"),
        };
        self
    }

    /// The token that a client sends outside of the URL.
    ///
    /// # Panics
    ///
    /// Panics if the socket does not have `auth_token`: then no client's token would arrive.
    pub fn auth_token(mut self, token: impl Into<String>) -> Self {
        assert!(
            S::mount().takes_auth_token(),
            "the socket takes no token: `#[socket(.., auth_token = true)]`"
        );
        self.info.auth_token = Some(token.into());
        self
    }

    /// A header of the request. As in production, [`ConnectInfo`] shows those whose names begin with
    /// `x-` or `sec-websocket-`, `user-agent`, `traceparent` and `tracestate`.
    ///
    /// # Panics
    ///
    /// Panics if no request can have such a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let header = name.parse::<HeaderName>().ok().zip(value.parse::<HeaderValue>().ok());
        let Some((header, value)) = header else { panic!("{name:?}: {value:?} is no header") };
        self.headers.append(header, value);
        self
    }

    /// The session that the application gave the browser.
    pub fn session(mut self, session: Session) -> Self {
        self.info.session = Some(session);
        self
    }

    /// The client's address.
    pub fn peer(mut self, peer: impl Into<SocketAddr>) -> Self {
        self.info.peer = Some(peer.into());
        self
    }

    /// The URI of the request, with host and port.
    ///
    /// # Panics
    ///
    /// Panics if the text is no URI.
    pub fn uri(mut self, uri: &str) -> Self {
        self.info.uri = uri.parse::<Uri>().unwrap_or_else(|error| panic!("{uri:?}: {error}"));
        self
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// The socket's `#[connect]` refuses.
    ///
    /// # Panics
    ///
    /// Panics outside of a Tokio runtime, and if the socket is not mounted with the transport.
    pub async fn connect(self) -> Result<Client, ConnectError> {
        let Self { endpoint, over, mut info, headers, .. } = self;
        info.params.insert("vsn", "2.0.0");
        let dial: Dial = match over {
            Over::Memory => {
                info.headers = ConnectInfo::shown_headers(&headers);
                Arc::new(move |endpoint| over_memory::<S>(endpoint.clone(), info.clone()).boxed())
            }
            Over::WebSocket => Arc::new(move |endpoint| {
                websocket::connect(asking::<S>(endpoint, over, &info, &headers)).boxed()
            }),
            Over::LongPoll => Arc::new(move |endpoint| {
                longpoll::connect(asking::<S>(endpoint, over, &info, &headers)).boxed()
            }),
        };
        let link = dial(endpoint).await?;
        Ok(Client::new(endpoint.clone(), dial, link))
    }
}

/// The index of the socket's mount, if it has one under its own path.
fn mount_of<S: SocketState>(endpoint: &Endpoint) -> Option<usize> {
    let path = S::mount().path;
    endpoint.0.mounts.iter().position(|mounted| mounted.mount.path == path)
}

fn asking<S: SocketState>(
    endpoint: &Endpoint,
    over: Over,
    info: &ConnectInfo,
    headers: &HeaderMap,
) -> Asking {
    let socket = log::short_name::<S>();
    let Some(index) = mount_of::<S>(endpoint) else {
        panic!("`{socket}` is not mounted under its own path: `.socket::<{socket}>()`")
    };
    let mounted = &endpoint.0.mounts[index];
    let (name, way) = match over {
        Over::LongPoll => {
            let way = mounted.longpoll.as_ref();
            ("longpoll", way.map(|it| Way::new(&it.settings.own.path, &it.settings)))
        }
        Over::WebSocket | Over::Memory => {
            let way = mounted.websocket.as_ref();
            ("websocket", way.map(|it| Way::new(&it.settings.own.path, &it.settings)))
        }
    };
    let Some(way) = way else {
        panic!("`{socket}` is not mounted with `{name}`: `#[socket(.., {name})]`")
    };
    Asking::new(endpoint, index, &way, info, headers)
}

async fn over_memory<S: SocketState>(
    endpoint: Endpoint,
    info: ConnectInfo,
) -> Result<Link, ConnectError> {
    let admitted = endpoint.connect_socket::<S>(info).await?;
    let mounted = mount_of::<S>(&endpoint).map(|index| &endpoint.0.mounts[index]);
    let websocket = mounted.and_then(|mounted| mounted.websocket.as_ref());
    let timeout = websocket.map_or(Some(TIMEOUT), |websocket| websocket.settings.own.timeout);
    Ok(memory::serve(admitted, timeout))
}

impl<S> Clone for Connecting<'_, S> {
    fn clone(&self) -> Self {
        let (info, headers) = (self.info.clone(), self.headers.clone());
        Self { endpoint: self.endpoint, over: self.over, info, headers, socket: PhantomData }
    }
}

impl<S> fmt::Debug for Connecting<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting").field("info", &self.info).finish_non_exhaustive()
    }
}
