use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};

use super::*;
use crate::message::{EncodeError, PayloadError};

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
        let whose = Whose { channel: "RoomChannel", topic: "room:1", id: None };
        dropped(Dropped::InvalidBroadcast(&error), whose, Some("news"));
        dropped(Dropped::UnaskedReply, whose, None);
        dropped(Dropped::UnmatchedEvent, whose, None);
        dropped(Dropped::UnmatchedInfo("Tick"), whose, None);
        dropped(Dropped::EarlierJoin, whose, Some("new_msg"));
        dropped(Dropped::EarlierJoin, whose, Some("new_msg"));
        unsendable_broadcast("room:1", "news", "1.0.0", EncodeError::BinaryInV1);
        missed_broadcast("room:1", true);
        missed_broadcast("room:1", false);
        binary_over_long_poll(3);
    });
    let counted = |reason: &str| {
        let name = format!(r#"phx_messages_dropped_total [("reason", "{reason}")]"#);
        counters.0.lock()[&name].load(Ordering::Relaxed)
    };
    for (reason, times) in [
        ("invalid_broadcast", 1),
        ("unasked_reply", 1),
        ("unmatched_event", 1),
        ("unmatched_info", 1),
        ("earlier_join", 2),
        ("unsendable_broadcast", 1),
        ("missed_broadcast", 2),
        ("binary_over_long_poll", 3),
    ] {
        assert_eq!(counted(reason), times, "{reason}");
    }
}

/// The files of this crate with their texts, but for tests.
fn sources() -> Vec<(PathBuf, String)> {
    let mut folders = vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") && !path.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                sources.push((path, text));
            }
        }
    }
    assert!(sources.len() > 50);
    sources
}

/// The macro `line!` takes a text of somebody else only as what is escaped and cut.
#[test]
fn all_lines_are_written_by_one_macro() {
    for (path, text) in sources() {
        let is_test = |at: usize| {
            path.components().any(|part| part.as_os_str() == "tests")
                || text[..at].contains("#[cfg(test)]\nmod tests {")
        };
        for way_around in ["tracing::", "use tracing", "println!", "eprint", "dbg!", "use log::"] {
            let found = text.match_indices(way_around).filter(|(at, _)| {
                let line = text[..*at].rsplit('\n').next().unwrap_or_default();
                // A module may be called `backlog`.
                let is_whole = !line.ends_with(char::is_alphanumeric);
                is_whole && !line.trim_start().starts_with("//") && !is_test(*at)
            });
            let allowed = if path.ends_with("log/line.rs") { 12 } else { 0 };
            let count = found.count();
            assert!(count <= allowed, "{}: `{way_around}`", path.display());
        }
    }
}

#[test]
fn the_book_lists_all_reasons_for_which_messages_are_dropped() {
    let book = concat!(env!("CARGO_MANIFEST_DIR"), "/../book/src/logging.md");
    let book = std::fs::read_to_string(book).unwrap();
    let (_, dropped) =
        sources().into_iter().find(|(path, _)| path.ends_with("log/dropped.rs")).unwrap();
    let reasons: Vec<_> =
        dropped.split("count(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(reasons.len() >= 8);
    for reason in reasons {
        assert!(book.contains(&format!("`{reason}`")), "{reason}");
    }
}
