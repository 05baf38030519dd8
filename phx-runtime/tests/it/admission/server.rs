//! A server on a free port, and the sockets that it serves.

use std::{net::SocketAddr, time::Duration};

use phx_runtime::{
    ConnectError, ConnectInfo, Endpoint, Fault, JoinError, Joined, Payload, Reply,
    channel::{Channel, ChannelOptions, Context, Handling, Join, JoinContext, Pattern, Route},
    json,
    options::{FilterParameters, Mount, WebSocketOptions},
    server::Builder,
    socket::{ConnectContext, ConnectRequest, RawConnect, SocketState},
    transport::{Connection, Flow, Frame, Handled, RawSocket},
};
use serde_json::Value;

use crate::support::handshake::open;

/// Serves what was built, in the test's own thread, until the test ends.
pub(crate) async fn serve(builder: Builder) -> SocketAddr {
    serve_endpoint(builder).await.1
}

/// The same, for tests that ask the endpoint what is left.
pub(crate) async fn serve_endpoint(builder: Builder) -> (Endpoint, SocketAddr) {
    let endpoint = builder.secret("at least twenty bytes of secret").build().unwrap();
    let address = crate::support::server::serve(&endpoint).await;
    (endpoint, address)
}

/// Serves [`User`] at `/socket`.
pub(crate) async fn serve_user(options: WebSocketOptions) -> SocketAddr {
    serve(Endpoint::builder().socket_at::<User>(Mount::new("/socket").websocket(options))).await
}

/// What a connection to `target` tells its socket; [`User`] has to be mounted there.
pub(crate) async fn info(at: SocketAddr, target: &str, headers: &[(&str, &str)]) -> Value {
    let mut client = open(at, target, headers).await.accepted();
    client.join("room:info", json!({})).await["response"].take()
}

/// A socket that does what the parameter `please` says, and remembers what it was told.
pub(crate) struct User {
    info: Value,
    id: Option<String>,
}

impl SocketState for User {
    fn mount() -> Mount {
        Mount::new("/socket").websocket(WebSocketOptions::new())
    }

    async fn connect(cx: ConnectContext) -> Result<Self, ConnectError> {
        let params = cx.info().params();
        match params.get("please") {
            Some("refuse") => return Err(ConnectError::new("not you")),
            Some("wait") => {
                let busy = ConnectError::new("rate_limit").status(429).body("Too many requests");
                // Rounded up.
                return Err(busy.retry_after(Duration::from_millis(1500)));
            }
            Some("fail") => return Err(Fault::new("the database is at 10.0.0.1").into()),
            Some("panic") => panic!("the password is hunter2"),
            _ => {}
        }
        Ok(Self { info: shown(cx.info()), id: params.get("id").map(Into::into) })
    }

    fn id(&self) -> Option<String> {
        assert!(self.id.as_deref() != Some("panic"), "the password is hunter2");
        self.id.clone()
    }

    fn channels() -> Vec<Route<Self>> {
        vec![
            Route::of::<Room>(),
            Route::at::<Room>(const { &[Pattern::new("phoenix:*")] }),
            Route::of::<Vault>(),
        ]
    }
}

fn shown(info: &ConnectInfo) -> Value {
    json!({
        "params": info.params(),
        "peer": info.peer(),
        "uri": info.uri().to_string(),
        "port": info.port(),
        "user_agent": info.user_agent(),
        "x_headers": info.x_headers().collect::<Vec<_>>(),
        "trace_context_headers": info.trace_context_headers().collect::<Vec<_>>(),
        "sec_websocket_headers": info.sec_websocket_headers().collect::<Vec<_>>(),
        "auth_token": info.auth_token(),
        "session": info.session(),
        "debug": format!("{info:?}"),
    })
}

/// A channel whose join is refused or fails where its payload says so.
pub(crate) struct Room;

impl Channel for Room {
    const PATTERNS: &'static [Pattern] = &[Pattern::new("room:*")];

    fn handle_in(self: Box<Self>, payload: Payload, cx: Context) -> Handling {
        match cx.event().as_str() {
            "boom" => panic!("told to"),
            "nobody" => Handling::unmatched_event(self, &cx),
            _ => Handling::done(self, Reply::ok(payload)),
        }
    }
}

impl Join<User> for Room {
    async fn join(cx: JoinContext<User>) -> Result<Joined<Self>, JoinError> {
        let payload = cx.payload();
        match payload.as_json() {
            Some(text) if text.contains("refuse") => Err(JoinError::new("no")),
            Some(text) if text.contains("boom") => panic!("told to"),
            _ => Ok(Joined::new(Self).reply(&cx.user().info)),
        }
    }
}

/// A channel with a filter of its own.
pub(crate) struct Vault;

impl Channel for Vault {
    const PATTERNS: &'static [Pattern] = &[Pattern::new("vault:*")];

    fn options() -> ChannelOptions {
        ChannelOptions::new().filter_parameters(FilterParameters::discard(["gold"]))
    }

    fn handle_in(self: Box<Self>, _: Payload, _: Context) -> Handling {
        Handling::done(self, Reply::ack())
    }
}

impl Join<User> for Vault {
    async fn join(_: JoinContext<User>) -> Result<Joined<Self>, JoinError> {
        Ok(Joined::new(Self))
    }
}

/// A raw socket that may panic while it connects.
pub(crate) struct Raw;

impl RawConnect for Raw {
    async fn connect(request: ConnectRequest) -> Result<Self, ConnectError> {
        assert!(request.info().params().get("please").is_none(), "the password is hunter2");
        Ok(Self)
    }
}

impl RawSocket for Raw {
    fn handle_in<'a>(&'a mut self, _: Frame, _: &'a Connection) -> Handled<'a> {
        Flow::Continue.into()
    }
}
