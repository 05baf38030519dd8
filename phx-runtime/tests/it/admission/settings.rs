//! Settings that can never work, and settings without an end.

use std::time::Duration;

use phx_runtime::{
    Endpoint,
    options::{CheckOrigin, Drainer, LongPollOptions, Mount, SessionOptions, WebSocketOptions},
    serializer::{Protocol, Version},
    server::BuildError,
};

use crate::{
    admission::server::{User, serve},
    support::{http_client::Client, raw_client::RawClient},
};

fn build(mount: Mount) -> Result<Endpoint, BuildError> {
    Endpoint::builder().socket_at::<User>(mount).build()
}

fn websocket(options: WebSocketOptions) -> Mount {
    Mount::new("/socket").websocket(options)
}

fn longpoll(options: LongPollOptions) -> Mount {
    Mount::new("/socket").longpoll(options)
}

#[test]
fn an_option_with_which_nobody_could_be_served_is_refused_at_start() {
    let zero = Duration::ZERO;
    let plain = || websocket(WebSocketOptions::new());
    for (option, mount) in [
        ("max_channels", plain().max_channels(0)),
        ("batch_size", plain().drainer(Some(Drainer::new().batch_size(0)))),
        ("shutdown", plain().drainer(Some(Drainer::new().shutdown(zero)))),
        ("timeout", websocket(WebSocketOptions::new().timeout(Some(zero)))),
        ("max_frame_size", websocket(WebSocketOptions::new().max_frame_size(0))),
        ("max_backlog", websocket(WebSocketOptions::new().max_backlog(0))),
        ("serializers", websocket(WebSocketOptions::new().serializers::<Version>([]))),
        (
            "check_origin",
            websocket(WebSocketOptions::new().check_origin(CheckOrigin::list([""; 0]))),
        ),
        ("window", longpoll(LongPollOptions::new().window(zero))),
        ("max_body_size", longpoll(LongPollOptions::new().max_body_size(0))),
        ("max_backlog", longpoll(LongPollOptions::new().max_backlog(0))),
        ("token_max_age", longpoll(LongPollOptions::new().token_max_age(zero))),
        ("serializers", longpoll(LongPollOptions::new().serializers::<Version>([]))),
        (
            "serializers",
            websocket(WebSocketOptions::new().serializers([Protocol::v1_3().vsn("~> one")])),
        ),
    ] {
        let error = build(mount).unwrap_err();
        assert!(matches!(error, BuildError::Setting { .. }), "{option}: {error}");
        assert!(error.to_string().contains(option), "{option}: {error}");
    }
    build(websocket(WebSocketOptions::new().serializers([Version::V2]))).unwrap();
}

#[test]
fn an_origin_or_a_host_that_no_browser_sends_is_refused_at_start() {
    let list = |entry: &'static str| {
        build(websocket(WebSocketOptions::new().check_origin(CheckOrigin::list([entry]))))
    };
    let error = list("https://example.com/app").unwrap_err();
    assert!(error.to_string().contains("an origin has no path"), "{error}");
    for plain in ["HTTPS://Example.com", " https://example.com/ ", "example.com"] {
        list(plain).unwrap();
    }
    // The endpoint's own list counts where the mount has none.
    let all = Endpoint::builder().check_origin(CheckOrigin::list(["https://"]));
    assert!(matches!(all.socket::<User>().build(), Err(BuildError::Origin { .. })));
    for host in ["https://x", "x:4000", "x/y", ""] {
        let error = Endpoint::builder().host(host).socket::<User>().build().unwrap_err();
        assert!(matches!(error, BuildError::Host { .. }), "{error}");
    }
}

#[test]
fn a_path_that_is_never_reached_is_refused_at_start() {
    let ws = |path: &'static str| Mount::new(path).websocket(WebSocketOptions::new());
    let both = |first, second| {
        Endpoint::builder().socket_at::<User>(ws(first)).socket_at::<User>(ws(second)).build()
    };
    for (first, second) in [("/a", "/a"), ("/a", "/a/"), ("/{x}", "/a"), ("/{x}", "/{y}")] {
        let error = both(first, second).unwrap_err();
        assert!(matches!(error, BuildError::SamePath { .. }), "{first} {second}: {error}");
    }
    both("/a", "/{x}").unwrap();
    let same = ws("/a").longpoll(LongPollOptions::new().path("/websocket"));
    assert!(matches!(build(same), Err(BuildError::SamePath { .. })));
    for path in ["a", "", "/a b", "/{x}/{x}", "/{x", "/a?b", "/{}"] {
        let error = build(ws(path)).unwrap_err();
        assert!(matches!(error, BuildError::Path { .. }), "{path}: {error}");
    }
    let variable = ws("/{x}").longpoll(LongPollOptions::new().path("/{x}"));
    assert!(matches!(build(variable), Err(BuildError::Path { .. })));
}

#[test]
fn a_session_that_is_never_read_is_refused_at_start() {
    for session in [
        SessionOptions::new("my key"),
        SessionOptions::new("_key").max_age(Duration::ZERO),
        SessionOptions::new("__Host-key"),
    ] {
        let error = build(websocket(WebSocketOptions::new()).session(session)).unwrap_err();
        assert!(matches!(error, BuildError::SessionCookie { .. }), "{error}");
    }
    let host = SessionOptions::new("__Host-key").secure(true);
    build(websocket(WebSocketOptions::new()).session(host)).unwrap();
}

#[tokio::test]
async fn durations_and_sizes_without_an_end_serve_as_well_as_others() {
    let (ever, all) = (Duration::MAX, usize::MAX);
    let websocket = WebSocketOptions::new().timeout(Some(ever));
    let websocket =
        websocket.max_frame_size(all).max_backlog(all).backlog_timeout(ever).compress(true);
    let longpoll = LongPollOptions::new().window(ever).token_max_age(ever).token_leeway(ever);
    let longpoll = longpoll.max_body_size(all).max_backlog(all).backlog_timeout(ever);
    let drainer = Drainer::new().batch_size(1).batch_interval(ever).shutdown(ever);
    let session = SessionOptions::new("_key").max_age(ever).leeway(ever);
    let mount = Mount::new("/socket").websocket(websocket).longpoll(longpoll);
    let mount = mount.drainer(Some(drainer)).session(session).max_channels(all);
    let at = serve(Endpoint::builder().socket_at::<User>(mount)).await;
    RawClient::joined(at, "room:1").await;
    Client::joined(at, "room:1").await;
}
