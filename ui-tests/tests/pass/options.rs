//! What the attributes say is what the builders are told.

use std::time::Duration;

use phx_runtime::{
    channel::{Channel, ChannelOptions},
    options::{
        CheckOrigin, Drainer, FilterParameters, LogLevel, LongPollOptions, Mount, Rate,
        WebSocketOptions,
    },
    prelude::*,
    serializer::{Protocol, Version},
    socket::SocketState,
};

mod origins {
    pub(super) fn ours(origin: &phx_runtime::options::Origin) -> bool {
        origin.host() == Some("example.com")
    }
}

mod serializers {
    use phx_runtime::{
        channel::EncodeError,
        serializer::{DecodeError, Message, Outgoing, Protocol, Serializer},
        transport::Frame,
    };

    pub(super) struct Short;

    impl Serializer for Short {
        fn vsn(&self) -> &str {
            "~> 7.0"
        }

        fn decode(&self, frame: &Frame) -> Result<Message, DecodeError> {
            Protocol::v1_3().decode(frame)
        }

        fn encode(&self, message: &Outgoing<'_>) -> Result<Option<Frame>, EncodeError> {
            Protocol::v1_3().encode(message)
        }
    }

    pub(super) fn own() -> Protocol {
        Protocol::new(Short).vsn("== 9.0.0")
    }
}

mod refusals {
    pub(super) fn too_many(_: &phx_runtime::ConnectError) -> http::Response<String> {
        http::Response::builder().status(429).body("Too many requests".into()).unwrap()
    }
}

struct Full;

#[socket(
    "/full",
    websocket(
        path = "/ws",
        timeout = "45s",
        max_frame_size = "10MB",
        max_backlog = "1.5MiB",
        max_backlog_hard = "3MiB",
        backlog_timeout = "5s",
        compress = true,
        subprotocols("phoenix", "v2.phoenix"),
        error_handler = refusals::too_many,
        refuse_by_close = true,
        check_origin("https://example.com", "//*.example.org"),
        check_csrf = false,
        serializers(v2, serializers::Short, v1_3, serializers::own(), v0_7),
        transport_log = "debug",
    ),
    longpoll(
        path = "/lp",
        window = "1.5s",
        max_body_size = 1_000,
        max_backlog = "64KiB",
        max_backlog_hard = "1MB",
        backlog_timeout = "20s",
        token_max_age = "14d",
        max_backlog_total = "64MiB",
        max_sessions = 10_000,
        max_sessions_per_peer = 1_000,
        first_request_timeout = "2s",
        check_origin = "conn",
        check_csrf = true,
        serializers(v2),
        transport_log = false,
    ),
    auth_token = true,
    max_channels = 20,
    max_rate(burst = 100, per_second = 50),
    log = "warn",
    drainer(batch_size = 5, batch_interval = "0s", shutdown = "10m", log = "trace"),
    filter_parameters("password", "iban")
)]
impl Full {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

struct Other;

#[socket(
    "/other/{tenant}",
    longpoll(check_origin = origins::ours),
    websocket(timeout = false, check_origin = false),
    drainer = false,
    log = false,
    filter_parameters(keep("id")),
)]
impl Other {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

struct Room;

#[channel("room:*", log_join = "trace", "dm:*", log_handle_in = "error", filter_parameters())]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("new_msg", max_rate(per_second = 2, burst = 10))]
    fn new_msg(&self, _: Payload) {}

    #[handle_in(max_rate(per_second = 1), "typing_start", "typing_stop")]
    fn typing(&self, _: Payload) {}

    #[cfg(any())]
    #[handle_in("never", max_rate(per_second = 1))]
    fn never(&self, _: Payload) {}
}

#[test]
fn every_option_reaches_its_builder() {
    let websocket = WebSocketOptions::new()
        .path("/ws")
        .timeout(Some(Duration::from_secs(45)))
        .max_frame_size(10_000_000)
        .max_backlog(1_572_864)
        .max_backlog_hard(3_145_728)
        .backlog_timeout(Duration::from_secs(5))
        .compress(true)
        .subprotocols(["phoenix", "v2.phoenix"])
        .error_handler(refusals::too_many)
        .refuse_by_close(true)
        .check_origin(CheckOrigin::list(["https://example.com", "//*.example.org"]))
        .check_csrf(false)
        .serializers([
            Version::V2.into(),
            Protocol::new(serializers::Short),
            Protocol::v1_3(),
            serializers::own(),
            Protocol::v0_7(),
        ])
        .transport_log(LogLevel::Debug);
    let longpoll = LongPollOptions::new()
        .path("/lp")
        .window(Duration::from_millis(1_500))
        .max_body_size(1_000)
        .max_backlog(65_536)
        .max_backlog_hard(1_000_000)
        .backlog_timeout(Duration::from_secs(20))
        .token_max_age(Duration::from_secs(14 * 24 * 3_600))
        .max_backlog_total(67_108_864)
        .max_sessions(10_000)
        .max_sessions_per_peer(1_000)
        .first_request_timeout(Duration::from_secs(2))
        .check_origin(CheckOrigin::REQUEST)
        .check_csrf(true)
        .serializers([Version::V2])
        .transport_log(LogLevel::Off);
    let drainer = Drainer::new()
        .batch_size(5)
        .batch_interval(Duration::ZERO)
        .shutdown(Duration::from_secs(600))
        .log(LogLevel::Trace);
    let mount = Mount::new("/full")
        .websocket(websocket)
        .longpoll(longpoll)
        .auth_token(true)
        .max_channels(20)
        .max_rate(Rate::per_second(50).burst(100))
        .log(LogLevel::Warn)
        .drainer(Some(drainer))
        .filter_parameters(FilterParameters::discard(["password", "iban"]));
    assert_eq!(format!("{:?}", Full::mount()), format!("{mount:?}"));
}

#[test]
fn options_can_be_turned_off() {
    let websocket = WebSocketOptions::new().timeout(None).check_origin(CheckOrigin::ANY);
    let mount = Mount::new("/other/{tenant}")
        .longpoll(LongPollOptions::new().check_origin(CheckOrigin::with(origins::ours)))
        .websocket(websocket)
        .drainer(None)
        .log(LogLevel::Off)
        .filter_parameters(FilterParameters::keep(["id"]));
    assert_eq!(format!("{:?}", Other::mount()), format!("{mount:?}"));
}

#[test]
fn a_channel_has_options_too() {
    let options = ChannelOptions::new()
        .log_join(LogLevel::Trace)
        .log_handle_in(LogLevel::Error)
        .filter_parameters(FilterParameters::discard::<&str>([]))
        .max_event_rate(["new_msg"], Rate::per_second(2).burst(10))
        .max_event_rate(["typing_start", "typing_stop"], Rate::per_second(1));
    assert_eq!(format!("{:?}", Room::options()), format!("{options:?}"));
}
