//! The limits as data: each is a row of the table in the book.

/// A limit, what is beyond it, where the code has it, and which tests prove it.
pub(super) struct Limit {
    /// The cells of the book's table.
    pub(super) what: &'static str,
    pub(super) default: &'static str,
    pub(super) option: &'static str,
    pub(super) beyond: &'static str,
    /// For each quantity of the default the places in the code whose product it is. Those of a
    /// library have none and come last.
    pub(super) code: &'static [&'static [Place]],
    /// Names of tests.
    pub(super) proofs: &'static [&'static str],
}

/// A file of `src`, and the text in front of a value.
pub(super) type Place = (&'static str, &'static str);

const SETTINGS: &str = "connect/settings.rs";
const SERVER: &str = "endpoint/server_options.rs";

/// In the order of the book.
pub(super) const LIMITS: &[Limit] = &[
    Limit {
        what: "size of a message",
        default: "10,000,000 bytes",
        option: "`max_frame_size`",
        beyond: "close 1009",
        code: &[&[(SETTINGS, "max_frame_size.unwrap_or(")]],
        proofs: &[
            "ten_million_bytes_are_a_message_and_one_more_closes",
            "a_message_above_the_limit_closes_with_1009",
            "what_inflates_beyond_the_limit_closes_with_1009",
            "an_announced_length_reserves_nothing",
        ],
    },
    Limit {
        what: "body of a long-poll request",
        default: "8,000,000 bytes",
        option: "`max_body_size`",
        beyond: r#"`{"status":413}`; 1 MiB of the rest is read"#,
        code: &[&[(SETTINGS, "max_body_size.unwrap_or(")]],
        proofs: &[
            "bodies_of_eight_million_bytes_are_taken",
            "a_body_above_the_limit_is_refused_and_the_session_lives_on",
            "an_endless_body_is_not_read_on",
        ],
    },
    Limit {
        what: "bytes that wait for all long-poll clients of a mount",
        default: "128 MiB",
        option: "`max_backlog_total`",
        beyond: "who has most of it is ended with close 1013",
        code: &[&[(SETTINGS, "max_backlog_total.unwrap_or(")]],
        proofs: &["what_waits_for_all_is_bounded_and_who_has_most_of_it_gives_way"],
    },
    Limit {
        what: "time without any byte of a long-poll request's body",
        default: "10 s",
        option: "–",
        beyond: "status 400",
        code: &[&[("server/body.rs", "const PAUSE: Duration = ")]],
        proofs: &[
            "a_long_poll_body_that_never_comes_is_not_waited_for",
            "a_client_that_stops_in_the_middle_is_not_waited_for",
        ],
    },
    Limit {
        what: "messages in the answer to a poll",
        default: "1 MiB, and one message",
        option: "–",
        beyond: "the rest comes with the next poll",
        code: &[&[("transport/longpoll/session.rs", "const ANSWER: usize = ")]],
        proofs: &[
            "what_waits_comes_in_answers_of_bounded_size_also_after_the_end",
            "a_hundred_megabytes_in_pieces_go_over_long_poll_in_small_answers",
        ],
    },
    Limit {
        what: "long-poll sessions of a mount",
        default: "16,384",
        option: "`max_sessions`",
        beyond: "status 503",
        code: &[&[(SETTINGS, "max_sessions.unwrap_or(")]],
        proofs: &["one_session_too_many_is_refused_until_another_ends"],
    },
    Limit {
        what: "the same from one address",
        default: "4,096",
        option: "`max_sessions_per_peer`",
        beyond: "status 503",
        code: &[&[(SETTINGS, "max_sessions_per_peer.unwrap_or(")]],
        proofs: &[
            "one_session_too_many_is_refused_until_another_ends",
            "a_client_has_its_share_and_the_mount_its_limit",
        ],
    },
    Limit {
        what: "a long-poll session whose token nobody uses",
        default: "5 s",
        option: "`first_request_timeout`",
        beyond: "it ends",
        code: &[&[(SETTINGS, "capped(options.first_request_timeout, ")]],
        proofs: &[
            "a_session_whose_token_nobody_uses_ends_soon",
            "sessions_that_nobody_comes_back_to_are_all_forgotten",
        ],
    },
    Limit {
        what: "connections that speak HTTP",
        default: "16,384",
        option: "`max_http_connections`",
        beyond: "status 503",
        code: &[&[(SERVER, "max_http_connections: ")]],
        proofs: &["one_connection_too_many_is_told_so"],
    },
    Limit {
        what: "head of a request",
        default: "10 s, 64 KiB, 100 headers",
        option: "–",
        beyond: "the connection is closed; status 431",
        code: &[
            &[("server/stream.rs", "const HEAD_TIMEOUT: Duration = ")],
            &[("server/http_connection.rs", "const HEAD_LIMIT: usize = ")],
        ],
        proofs: &[
            "a_head_has_ten_seconds_from_its_first_byte",
            "headers_have_64_kilobytes_together",
            "a_head_that_never_ends_is_cut_off",
            "there_may_be_a_hundred_headers",
        ],
    },
    Limit {
        what: "parameters of a connection's query",
        default: "1,000, nested 32 deep",
        option: "–",
        beyond: "status 400",
        code: &[
            &[("connect/params/query.rs", "const MOST: usize = ")],
            &[("connect/params/query.rs", "const DEEPEST: usize = ")],
        ],
        proofs: &["more_parameters_than_anybody_has_are_a_bad_request"],
    },
    Limit {
        what: "time between two requests",
        default: "75 s",
        option: "`idle_timeout`",
        beyond: "the connection is closed",
        code: &[&[(SERVER, "idle_timeout: ")]],
        proofs: &[
            "the_time_between_requests_is_an_option",
            "a_balancer_may_use_its_connection_again_after_a_minute",
        ],
    },
    Limit {
        what: "time without any byte of an answer being taken",
        default: "30 s",
        option: "`write_timeout`",
        beyond: "the connection is closed",
        code: &[&[(SERVER, "write_timeout: ")]],
        proofs: &["who_takes_nothing_of_an_answer_is_let_go"],
    },
    Limit {
        what: "time for which a client may be [behind](broadcasts.md#slow-readers) by more than 1 MiB (`max_backlog`)",
        default: "10 s",
        option: "`backlog_timeout`",
        beyond: "close 1013",
        code: &[&[("connection/backlog.rs", "const TIMEOUT: Duration = ")]],
        proofs: &[
            "a_client_that_stops_reading_is_closed_after_ten_seconds_and_may_still_read_everything",
            "a_client_that_never_reads_again_is_let_go_with_the_memory_it_took",
        ],
    },
    Limit {
        what: "bytes that wait for a slow reader",
        default: "16 × `max_backlog`",
        option: "`max_backlog_hard`",
        beyond: "close 1013",
        code: &[&[("connection/backlog.rs", "const HARD: usize = ")]],
        proofs: &[
            "a_client_that_reads_nothing_of_many_broadcasts_is_closed_at_the_hard_limit",
            "what_waits_for_a_client_that_does_not_read_takes_no_more_memory_than_it_may",
        ],
    },
    Limit {
        what: "channels of a connection, those included whose `#[terminate]` still runs",
        default: "100",
        option: "`max_channels`",
        beyond: "the join is refused",
        code: &[&[(SETTINGS, "max_channels.unwrap_or(")]],
        proofs: &[
            "the_hundred_and_first_channel_is_refused_and_the_others_go_on",
            "a_channel_counts_until_its_terminate_is_through",
        ],
    },
    Limit {
        what: "topic and refs of a join, which its channel keeps",
        default: "8 KiB each",
        option: "–",
        beyond: "the join is refused",
        code: &[&[("session/mod.rs", "const NAME_LIMIT: usize = ")]],
        proofs: &[
            "names_of_eight_kibibytes_are_joined_and_longer_ones_not",
            "refs_topics_and_events_of_a_megabyte_are_answered",
        ],
    },
    Limit {
        what: "silence",
        default: "60 s",
        option: "`timeout`",
        beyond: "close 1002",
        code: &[&[(SETTINGS, ".unwrap_or(Some(")]],
        proofs: &[
            "a_client_that_says_nothing_for_too_long_is_closed_with_1002",
            "a_client_that_is_silent_while_its_messages_wait_is_closed_after_the_timeout",
        ],
    },
    Limit {
        what: "a client's messages that wait for its own busy handlers",
        default: "1,000",
        option: "–",
        beyond: "reading pauses",
        code: &[&[("session/waiting.rs", "const MESSAGES: u32 = ")]],
        proofs: &[
            "behind_a_thousand_messages_that_wait_nothing_is_read_until_one_is_handled",
            "reading_stops_while_too_much_waits_for_busy_channels",
        ],
    },
    Limit {
        what: "bytes of those messages, uncompressed",
        default: "1 MiB, and one message",
        option: "`max_queue`",
        beyond: "reading pauses",
        code: &[&[(SETTINGS, "max_queue.unwrap_or(")]],
        proofs: &[
            "behind_a_mebibyte_that_waits_nothing_is_read_until_some_is_handled",
            "no_more_bytes_wait_for_a_busy_channel_than_allowed_and_one_message",
            "a_flood_behind_a_busy_handler_takes_the_memory_of_what_may_wait",
        ],
    },
    Limit {
        what: "messages of the application and broadcasts for `#[handle_out]` that wait for a connection",
        default: "16,384",
        option: "–",
        beyond: "close 1013",
        code: &[&[("connection/mailbox.rs", "const LIMIT: usize = ")]],
        proofs: &[
            "a_letter_more_than_a_connection_may_be_told_at_once_closes_it_and_none_is_kept",
            "a_mailbox_takes_letters_until_it_is_full_or_its_connection_ends",
        ],
    },
    Limit {
        what: "broadcasts of clients that wait for their topic's subscribers to be served",
        default: "4,096, or 4 MiB",
        option: "–",
        beyond: "reading of their senders pauses",
        code: &[
            &[("pubsub/room.rs", "const WAITING: usize = ")],
            &[
                ("pubsub/room.rs", "const WAITING: usize = "),
                ("pubsub/pass.rs", "const BYTES_PER_UNIT: usize = "),
            ],
        ],
        proofs: &[
            "a_client_whose_messages_wait_by_the_thousand_is_held_until_they_are_on_their_way",
        ],
    },
    Limit {
        what: "those of them that wait for its busy handlers",
        default: "16,384",
        option: "–",
        beyond: "close 1013",
        code: &[&[("connection/mailbox.rs", "const LIMIT: usize = ")]],
        proofs: &[
            "a_broadcast_more_than_may_wait_for_a_busy_handler_closes_and_none_is_kept",
            "no_more_broadcasts_wait_for_busy_channels_than_documented",
        ],
    },
    Limit {
        what: "keys that a channel tracks in a presence",
        default: "100",
        option: "`PresenceOptions::max_keys`",
        beyond: "`TrackError::TooManyKeys`",
        code: &[&[("presence/options.rs", "max_keys: ")]],
        proofs: &["a_channel_tracks_no_more_keys_than_allowed_in_one_presence"],
    },
    Limit {
        what: "time for a channel's `#[terminate]`, and for all of them when a connection ends",
        default: "5 s",
        option: "–",
        beyond: "it is abandoned",
        code: &[&[("transport/raw_socket.rs", "const TERMINATE: Duration = ")]],
        proofs: &["a_terminate_that_hangs_is_abandoned_while_the_connection_lives"],
    },
    Limit {
        what: "a client's text in a line of the log",
        default: "256 bytes of a name, 1 KiB of anything else",
        option: "–",
        beyond: "it is cut off",
        code: &[
            &[("log/shown.rs", "const NAME: usize = ")],
            &[("log/shown.rs", "const TEXT: usize = ")],
        ],
        proofs: &[
            "a_long_text_of_a_client_does_not_make_a_long_line",
            "what_the_log_says_of_a_message_takes_no_memory_by_its_size",
        ],
    },
];
