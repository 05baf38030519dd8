//! What is mounted where.

use std::time::Duration;

use phx_examples::msgpack::MsgPack;
use phx_runtime::{
    Endpoint, Presence,
    options::{CheckOrigin, Drainer, LongPollOptions, Mount, Origin, WebSocketOptions},
    serializer::{Protocol, Version},
    server::BuildError,
};

use crate::{
    http,
    raw::{Declared, Echo, Ping, ShowParams, Slow},
    sockets::{
        All, AuthToken, DrainSocket, InfoSocket, LimitedSocket, Nothing, PlainSocket,
        RefusingSocket, Session, TestInfoLpSocket, TestInfoSocket, TestLpSocket, TestSocket,
        UserSocket,
    },
};

/// The endpoint with all its mounts.
///
/// Where a socket has one place, its attribute says it; the others are mounted here.
pub(crate) fn endpoint() -> Result<Endpoint, BuildError> {
    phx_examples::trust_proxies(phx_examples::with_environment(Endpoint::builder()))
        .host("localhost")
        .state(Presence::new())
        .session(http::session())
        .socket::<UserSocket>()
        .socket_at::<UserSocket>(
            Mount::new("/fast")
                .websocket(open_websocket().timeout(Some(Duration::from_millis(300))))
                .longpoll(open_longpoll()),
        )
        .socket::<TestSocket>()
        .socket::<TestLpSocket>()
        .socket_at::<TestSocket>(Mount::new("/ws/admin").websocket(strict_websocket()))
        .socket_at::<TestLpSocket>(Mount::new("/ws/admin").longpoll(strict_longpoll()))
        .socket::<LimitedSocket>()
        .socket::<TestInfoSocket>()
        .socket::<TestInfoLpSocket>()
        .raw_socket::<Slow>(
            Mount::new("/ws/slow").longpoll(strict_longpoll().window(Duration::from_millis(100))),
        )
        .raw_socket::<Ping>(Mount::new("/ws/ping").websocket(WebSocketOptions::new()))
        .raw_socket::<ShowParams>(
            Mount::new("/raw/ws")
                .websocket(strict_websocket().subprotocols(["sip"]))
                .longpoll(strict_longpoll()),
        )
        .raw_socket::<ShowParams>(
            Mount::new("/custom/{socket_var}/{path_var}")
                .websocket(strict_websocket().path("/path")),
        )
        .raw_socket::<ShowParams>(
            Mount::new("/lpcustom/{socket_var}/{path_var}")
                .longpoll(LongPollOptions::new().path("/path").check_origin(one_origin())),
        )
        .socket::<InfoSocket<All>>()
        .socket_at::<InfoSocket<Session>>(
            // Without the CSRF check, an origin has to be asked for by name. The rule lets in all.
            Mount::new("/info_nocsrf").websocket(
                WebSocketOptions::new().check_csrf(false).check_origin(CheckOrigin::with(|_| true)),
            ),
        )
        .socket_at::<InfoSocket<AuthToken>>(
            Mount::new("/auth")
                .websocket(open_websocket())
                .longpoll(open_longpoll())
                .auth_token(true),
        )
        .socket_at::<InfoSocket<AuthToken>>(
            Mount::new("/auth_sub")
                .websocket(open_websocket().subprotocols(["foo"]))
                .auth_token(true),
        )
        .socket_at::<InfoSocket<Nothing>>(
            Mount::new("/sub").websocket(open_websocket().subprotocols(["foo", "bar"])),
        )
        .socket::<PlainSocket>()
        .socket_at::<PlainSocket>(
            plain("/origin/true", CheckOrigin::HOST).longpoll(
                LongPollOptions::new()
                    .window(Duration::from_millis(200))
                    .check_origin(CheckOrigin::HOST),
            ),
        )
        .socket_at::<PlainSocket>(plain("/origin/conn", CheckOrigin::REQUEST))
        .socket_at::<PlainSocket>(plain("/origin/list", several_origins()))
        .socket_at::<PlainSocket>(plain("/origin/mfa", CheckOrigin::with(is_mfa)))
        .socket_at::<PlainSocket>(
            Mount::new("/v2only").websocket(open_websocket().serializers([Version::V2])),
        )
        .socket_at::<PlainSocket>(plain("/nodrain", CheckOrigin::ANY).drainer(None))
        .socket::<DrainSocket>()
        .socket_at::<PlainSocket>(
            plain("/drain_evenly", CheckOrigin::ANY)
                .drainer(Some(Drainer::new().rate(90).shutdown(Duration::from_mins(2)))),
        )
        .socket::<RefusingSocket>()
        .raw_socket::<Echo>(Mount::new("/frames").websocket(open_websocket().max_frame_size(1000)))
        .raw_socket::<Echo>(
            Mount::new("/rawecho").websocket(open_websocket()).longpoll(open_longpoll()),
        )
        .socket::<Declared>()
        .socket_at::<PlainSocket>(older("/older/0.7", Protocol::v0_7()))
        .socket_at::<PlainSocket>(older("/older/0.8", Protocol::v0_8()))
        .socket_at::<PlainSocket>(older("/older/0.10", Protocol::v0_10()))
        .socket_at::<PlainSocket>(older("/older/0.14", Protocol::v0_14()))
        .socket_at::<PlainSocket>(older("/older/1.3", Protocol::v1_3()))
        .socket_at::<PlainSocket>(
            Mount::new("/msgpack").websocket(open_websocket().serializers([MsgPack])),
        )
        .raw_socket::<Echo>(Mount::new("/compress").websocket(open_websocket().compress(true)))
        .build()
}

fn open_websocket() -> WebSocketOptions {
    WebSocketOptions::new().check_origin(CheckOrigin::ANY)
}

fn open_longpoll() -> LongPollOptions {
    LongPollOptions::new().window(Duration::from_millis(200)).check_origin(CheckOrigin::ANY)
}

/// For clients of an older version, beside those of today.
fn older(path: &'static str, protocol: Protocol) -> Mount {
    let protocols = [protocol, Version::V2.into()];
    Mount::new(path)
        .websocket(open_websocket().serializers(protocols.clone()))
        .longpoll(open_longpoll().serializers(protocols))
}

fn strict_websocket() -> WebSocketOptions {
    WebSocketOptions::new().timeout(Some(Duration::from_millis(200))).check_origin(one_origin())
}

fn strict_longpoll() -> LongPollOptions {
    LongPollOptions::new().window(Duration::from_millis(200)).check_origin(one_origin())
}

fn plain(path: &'static str, origin: CheckOrigin) -> Mount {
    Mount::new(path).websocket(WebSocketOptions::new().check_origin(origin))
}

fn one_origin() -> CheckOrigin {
    CheckOrigin::list(["//example.com"])
}

fn several_origins() -> CheckOrigin {
    CheckOrigin::list([
        "https://example.com",
        "//another.com:888",
        "//*.wild.com",
        "http://port.com:8080",
    ])
}

fn is_mfa(origin: &Origin) -> bool {
    origin.host() == Some("mfa.example")
}
