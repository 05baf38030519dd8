use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};

use super::*;
use crate::{
    channel::{ChannelKind, ChannelOptions, PayloadError, Topic},
    serializer::{Incoming, Version},
    testing,
    transport::{Mount, Params, TransportKind},
};

fn kind(options: ChannelOptions) -> ChannelKind {
    ChannelKind { name: "RoomChannel", intercepts: &[], options }
}

fn message(topic: &str) -> Incoming {
    Version::V1
        .decode(&crate::transport::Frame::text(format!(
            r#"{{"topic":"{topic}","event":"new_msg","payload":{{"password":"x"}},"ref":"1"}}"#
        )))
        .unwrap()
}

/// How many allocations preparing all lines of a connection takes.
fn allocations(level: tracing::Level, topic: &str) -> [u64; 3] {
    let subscriber = tracing_subscriber::fmt().with_writer(std::io::sink).with_max_level(level);
    tracing::subscriber::with_default(subscriber.finish(), || {
        let (kind, mount) =
            (kind(ChannelOptions::new()), MountSettings::new(&Mount::new("/socket")));
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
        (Duration::from_nanos(1_000_999), "1000µs"),
        (Duration::from_micros(1001), "1ms"),
        (Duration::from_micros(2_999_999), "2999ms"),
    ] {
        assert_eq!(Took(duration).to_string(), text);
    }
}

/// Counts by label.
#[derive(Default)]
struct Counters(parking_lot::Mutex<HashMap<String, Arc<AtomicU64>>>);

impl metrics::Recorder for Counters {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let labels: Vec<_> = key.labels().map(|label| (label.key(), label.value())).collect();
        let name = format!("{} {labels:?}", key.name());
        Counter::from_arc(self.0.lock().entry(name).or_default().clone())
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn what_is_dropped_is_counted_by_reason() {
    let counters = Counters::default();
    metrics::with_local_recorder(&counters, || {
        let error = PayloadError::new("expected u32");
        dropped(Dropped::InvalidBroadcast(&error), "room:1", Some("news"));
        dropped(Dropped::UnaskedReply, "room:1", None);
        dropped(Dropped::EarlierJoin, "room:1", Some("new_msg"));
        dropped(Dropped::EarlierJoin, "room:2", Some("new_msg"));
    });
    let counted = |reason: &str| {
        let name = format!(r#"phx_messages_dropped_total [("reason", "{reason}")]"#);
        counters.0.lock()[&name].load(Ordering::Relaxed)
    };
    assert_eq!((counted("unasked_reply"), counted("earlier_join")), (1, 2));
    assert_eq!(counted("invalid_broadcast"), 1);
}
