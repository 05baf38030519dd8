//! What is logged and counted: the lines of Phoenix's logger, each a short text with its facts as
//! structured fields, every fact once.
//!
//! All lines are written here, and have the target `phx_runtime::log`, so that a subscriber can
//! turn them off together. What a line shows is not even formatted while its level is off.
//!
//! Texts of clients are [`Shown`]: nobody can write a line of their own into the log, or a long one.

#[macro_use]
mod line;
mod broadcast;
mod channel;
mod closed;
mod cluster;
mod connect;
mod counted;
mod dropped;
mod filter;
mod filtered;
mod json_text;
mod level;
#[cfg(all(feature = "phoenix", feature = "redis"))]
mod phoenix;
mod presence;
mod server;
mod short_name;
mod shown;
mod spell;

#[cfg(feature = "phoenix")]
pub(crate) use self::connect::session_value_left_out;
#[cfg(all(feature = "phoenix", feature = "redis"))]
pub(crate) use self::phoenix::{
    phoenix_connected, phoenix_ignored, phoenix_lost, phoenix_nodes, phoenix_outgoing_expired,
    phoenix_outgoing_full, phoenix_presence_unsendable, phoenix_presence_unusable,
    phoenix_presences, phoenix_presences_too_large, phoenix_received, phoenix_sent,
    phoenix_too_many_nodes, phoenix_unreadable, phoenix_unsendable, phoenix_without_json,
};
pub(crate) use self::{
    broadcast::broadcast_failed,
    channel::{
        HandleInLine, JoinLine, Whose, channel_abandoned, channel_failed, duplicate_join,
        join_failed, malformed_message, names_too_long, rate_limited, too_many_channels,
        unmatched_topic,
    },
    closed::{Party, closed, slow_reader},
    cluster::{
        cluster_connected, cluster_gap, cluster_inbox_full, cluster_left_too_slowly, cluster_lost,
        cluster_node_down, cluster_node_gone, cluster_node_up, cluster_outbound_expired,
        cluster_outbound_full, cluster_payload_ignored, cluster_received, cluster_sent,
        cluster_starts_alone,
    },
    connect::{
        Asking, ConnectLine, auth_token_untaken, connect_failed, error_handler_failed,
        invalid_version, long_poll_answer_too_large, long_poll_failed, origin_refused, request,
        socket_failed, socket_panicked, subprotocols_refused, tcp_option_failed,
        terminate_abandoned, unsupported_version, upgrade_failed, upgrade_too_slow,
    },
    dropped::{
        Dropped, binary_over_long_poll, dropped, missed_broadcast, overflowed, unheard_by_socket,
        unheard_info, unreadable_frame, unsendable_broadcast, unsendable_message,
    },
    presence::{
        metas_kept, presence_behind, presence_differs, presence_fetch_panicked,
        presence_inbox_full, presence_message_ignored, presence_node_gone, presence_too_large,
        presence_too_much, presence_unsendable, presence_untold,
    },
    server::{
        DrainLine, ambiguous_proxies, cannot_accept, cannot_listen_for, connection_not_opened,
        connection_refused, connections_cut_off, draining_too_slow, ended_at_once,
        http_connection_broke, http_connection_refused, no_channels, not_accepted,
        proxy_protocol_without_proxies, random_secret, requests_cut_off, route_panicked,
        server_ended, slow_request, task_panicked, tasks_cut_off, too_many_sessions, unread_answer,
    },
    short_name::short_name,
    spell::Spell,
};
pub use self::{filter::FilterParameters, level::LogLevel};

#[cfg(test)]
mod tests;
