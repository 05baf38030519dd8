//! Which options there are.

use super::kind::{Keys, Kind};

pub(crate) const SOCKET: Keys = &[
    ("auth_token", Kind::Flag),
    ("max_channels", Kind::Count),
    ("max_queue", Kind::Size),
    ("max_rate", Kind::Rate(RATE)),
    ("log", Kind::Level),
    ("drainer", Kind::Drainer(DRAINER)),
    ("filter_parameters", Kind::Filter),
];

pub(crate) const WEBSOCKET: Keys = &[
    ("path", Kind::Path),
    ("timeout", Kind::Timeout),
    ("max_frame_size", Kind::Size),
    ("max_backlog", Kind::Size),
    ("max_backlog_hard", Kind::Size),
    ("backlog_timeout", Kind::Duration),
    ("compress", Kind::Flag),
    ("subprotocols", Kind::Subprotocols),
    ("error_handler", Kind::Function),
    ("refuse_by_close", Kind::Flag),
    ("check_origin", Kind::Origin),
    ("check_csrf", Kind::Flag),
    ("serializers", Kind::Serializers),
    ("transport_log", Kind::Level),
];

pub(crate) const LONGPOLL: Keys = &[
    ("path", Kind::Path),
    ("window", Kind::Duration),
    ("max_body_size", Kind::Size),
    ("max_backlog", Kind::Size),
    ("max_backlog_hard", Kind::Size),
    ("backlog_timeout", Kind::Duration),
    ("token_max_age", Kind::Duration),
    ("token_leeway", Kind::Pause),
    ("max_backlog_total", Kind::Size),
    ("max_sessions", Kind::Count),
    ("max_sessions_per_peer", Kind::Count),
    ("first_request_timeout", Kind::Duration),
    ("check_origin", Kind::Origin),
    ("check_csrf", Kind::Flag),
    ("serializers", Kind::Serializers),
    ("transport_log", Kind::Level),
];

pub(crate) const CHANNEL: Keys = &[
    ("log_join", Kind::Level),
    ("log_handle_in", Kind::Level),
    ("filter_parameters", Kind::Filter),
];

pub(crate) const DRAINER: Keys = &[
    ("batch_size", Kind::Count),
    ("batch_interval", Kind::Pause),
    ("rate", Kind::Count),
    ("shutdown", Kind::Duration),
    ("log", Kind::Level),
];

/// Of `#[handle_in(..)]`, beside its events.
pub(super) const HANDLER: Keys = &[("max_rate", Kind::Rate(RATE))];

const RATE: Keys = &[("per_second", Kind::Count), ("burst", Kind::Count)];

/// Where each option belongs, to say so when it stands elsewhere.
pub(super) const HOMES: &[(&str, Keys)] = &[
    ("socket", SOCKET),
    ("websocket", WEBSOCKET),
    ("longpoll", LONGPOLL),
    ("channel", CHANNEL),
    ("drainer", DRAINER),
    ("max_rate", RATE),
];

/// What is no option, and how it is said here.
pub(super) const SAID_OTHERWISE: &[(&str, &str)] = &[
    (
        "channels",
        "the routing table is an attribute of its own: `#[channels(RoomChannel)]` below `#[socket(..)]`",
    ),
    (
        "channel",
        "the routing table is an attribute of its own: `#[channels(RoomChannel)]` below `#[socket(..)]`",
    ),
    (
        "transports",
        "a transport is an entry of its own: `#[socket(\"/socket\", websocket, longpoll)]`",
    ),
    (
        "transport",
        "a transport is an entry of its own: `#[socket(\"/socket\", websocket, longpoll)]`",
    ),
    (
        "connect_info",
        "nothing is listed: `#[connect]` takes `&ConnectInfo`, which has the address, the headers and the session",
    ),
    (
        "heartbeat",
        "clients send heartbeats by themselves; a connection that is silent for `timeout` is closed: `timeout = \"60s\"`",
    ),
    (
        "heartbeat_interval",
        "clients send heartbeats by themselves; a connection that is silent for `timeout` is closed: `timeout = \"60s\"`",
    ),
    (
        "ping_interval",
        "clients send heartbeats by themselves; a connection that is silent for `timeout` is closed: `timeout = \"60s\"`",
    ),
    ("intercept", "an event is intercepted by its handler: `#[handle_out(\"new_msg\")]`"),
    (
        "socket",
        "the socket lists its channels, not the other way round: `#[channels(RoomChannel)]` below `#[socket(..)]`",
    ),
    (
        "events",
        "an event is named by its handler, `#[handle_in(\"new_msg\")]`; typed events that are sent are listed in `sends(NewMsg)`",
    ),
    (
        "sends",
        "the events that are sent are listed by the channel that sends them: `#[channel(\"room:*\", sends(NewMsg))]`",
    ),
    ("rate_limit", "messages are limited by `max_rate(per_second = 50, burst = 100)`"),
    (
        "hibernate_after",
        "a channel that waits costs nothing but its memory, so there is nothing to set: leave it out",
    ),
];

/// What Phoenix calls the options that have another name here.
pub(super) const PHOENIX_NAMES: &[(&str, &str)] = &[
    ("window_ms", "window"),
    ("max_channels_per_transport", "max_channels"),
    ("max_age", "token_max_age"),
    ("serializer", "serializers"),
    ("batch_interval_ms", "batch_interval"),
];
