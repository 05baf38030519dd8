//! What preparing the lines of a connection costs.

use crate::{
    channel::{ChannelKind, ChannelOptions},
    connect::params::Params,
    log::{Asking, ConnectLine, FilterParameters, JoinLine, LogLevel, Whose},
    serializer::{Message, Version},
    wire::Frame,
};

fn kind(options: ChannelOptions) -> ChannelKind {
    ChannelKind { name: "RoomChannel", intercepts: &[], sends: &[], options }
}

fn message(topic: &str) -> Message {
    Version::V1
        .decode(Frame::text(format!(
            r#"{{"topic":"{topic}","event":"new_msg","payload":{{"password":"x"}},"ref":"1"}}"#
        )))
        .unwrap()
}

/// How many allocations preparing all lines of a connection takes.
fn allocations(level: tracing::Level, topic: &str) -> [u64; 3] {
    let subscriber = tracing_subscriber::fmt().with_writer(std::io::sink).with_max_level(level);
    tracing::subscriber::with_default(subscriber.finish(), || {
        let kind = kind(ChannelOptions::new());
        let filter = FilterParameters::default();
        let params = Params::from_query("token=a").unwrap();
        let message = message(topic);
        let count = |work: &mut dyn FnMut()| allocation_counter::measure(work).count_total;
        // The first use of a line registers it, once for the whole process.
        let mut all = [0; 3];
        for _ in 0..2 {
            all = [
                count(&mut || {
                    let asking = Asking { socket: "User", transport: "websocket", peer: None };
                    let log =
                        ConnectLine::new(LogLevel::Info, asking, Version::V2, &params, &filter);
                    if let Some(log) = log {
                        log.connected(None);
                    }
                }),
                count(&mut || {
                    let (level, params) = (LogLevel::Info, &message.payload);
                    if let Some(log) = JoinLine::new(level, topic, params, &filter) {
                        log.joined(Whose { channel: kind.name, topic, id: None }, "User");
                    }
                }),
                count(&mut || {
                    if let Some(log) = kind.handle_in_line(&message, None, &filter) {
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
