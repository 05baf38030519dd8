use std::time::Duration;

use super::*;
use crate::{
    channel::{ChannelKind, ChannelOptions, Topic},
    serializer::{Incoming, Version},
    testing,
    transport::{Params, TransportKind},
};

fn kind(options: ChannelOptions) -> ChannelKind {
    ChannelKind { name: "RoomChannel", intercepts: &[], options }
}

fn message(topic: &str) -> Incoming {
    Version::V1.decode(&crate::transport::Frame::text(format!(
        r#"{{"topic":"{topic}","event":"new_msg","payload":{{"password":"x"}},"ref":"1"}}"#
    )))
    .unwrap()
}

/// How many allocations preparing all lines of a connection takes.
fn allocations(level: tracing::Level, topic: &str) -> [u64; 3] {
    let subscriber = tracing_subscriber::fmt().with_writer(std::io::sink).with_max_level(level);
    tracing::subscriber::with_default(subscriber.finish(), || {
        let (kind, mount) = (kind(ChannelOptions::new()), Mount::new("/socket"));
        let socket = testing::socket("room:1");
        let endpoint = socket.endpoint();
        let params = Params::from_query("token=a").unwrap();
        let message = message(topic);
        let count = |work: &mut dyn FnMut()| allocation_counter::measure(work).count_total;
        // The first use of a line registers it, once for the whole process.
        let mut all = [0; 3];
        for _ in 0..2 {
            all = [
                count(&mut || {
                    let (transport, version) = (TransportKind::WebSocket, Version::V2);
                    Connect::new("UserSocket", &mount, endpoint, transport, version, &params)
                        .decided(None);
                }),
                count(&mut || {
                    let topic = Topic::from(topic);
                    if let Some(log) = Joining::new(&kind, &topic, &message.payload) {
                        log.decided(&kind, &mount, endpoint, &topic, true);
                    }
                }) - 1, // the topic itself
                count(&mut || {
                    if let Some(log) = HandleIn::new(&kind, &mount, endpoint, &message) {
                        log.handled();
                    }
                }),
            ];
        }
        all
    })
}

#[test]
fn nothing_is_formatted_or_cloned_while_a_level_is_off() {
    assert_eq!(allocations(tracing::Level::WARN, "room:1"), [0, 0, 0]);
    let [connect, join, handle_in] = allocations(tracing::Level::INFO, "room:1");
    assert!(connect > 0 && join > 0);
    assert_eq!(handle_in, 0);
    assert!(allocations(tracing::Level::DEBUG, "room:1")[2] > 0);
}

#[test]
fn channels_of_topics_that_begin_with_phoenix_are_not_logged() {
    assert_eq!(allocations(tracing::Level::TRACE, "phoenix:x")[1..], [0, 0]);
}

#[test]
fn durations_read_like_phoenix_prints_them() {
    for (duration, text) in [
        (Duration::ZERO, "0µs"),
        (Duration::from_micros(1000), "1000µs"),
        (Duration::from_micros(1001), "1ms"),
        (Duration::from_millis(2999), "2999ms"),
    ] {
        assert_eq!(Took(duration).to_string(), text);
    }
}

#[test]
fn a_text_of_a_client_cannot_begin_a_line_of_its_own() {
    for (text, shown) in [
        ("room:lobby", "room:lobby"),
        ("räum:ß", "räum:ß"),
        ("a\nJOINED admin\r", "a\\nJOINED admin\\r"),
        ("\u{1b}[31m", "\\u{1b}[31m"),
        ("\u{85}", "\\u{85}"),
    ] {
        assert_eq!(InLine(text).to_string(), shown);
    }
}
