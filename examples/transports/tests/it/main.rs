//! Every transport of this crate carries what channels need, and hostile clients of it end alone.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod any_bytes;
mod clients;
mod hostile_events;
mod hostile_lines;
mod hostile_websockets;
mod scenario;

proptest::proptest! {
    #[test]
    fn any_stream_of_lines_is_read_as_its_lines_however_it_is_cut(
        stream in proptest::collection::vec(line_like(), 0..40),
        pieces in proptest::collection::vec(1_usize..20, 0..4),
    ) {
        any_bytes::stream_of_lines(&stream.concat(), &pieces);
    }

    #[test]
    fn any_request_for_events_is_answered_and_each_message_is_one_event(
        query in "(vsn=2.0.0|[a-z&=%\\[\\]]{0,8})",
        origin in proptest::option::of("(http://localhost|[ -~]{0,12})"),
        posts in proptest::collection::vec(
            (proptest::bool::weighted(0.8), proptest::collection::vec(line_like(), 0..6)),
            0..6,
        ),
    ) {
        let posts: Vec<_> = posts.into_iter().map(|(known, body)| (known, body.concat())).collect();
        let posts: Vec<_> = posts.iter().map(|(known, body)| (*known, &**body)).collect();
        any_bytes::requests_for_events(&query, origin.as_deref().map(str::as_bytes), &posts);
    }
}

/// Pieces of text with much that ends lines, and some bytes that are no text.
fn line_like() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
    use proptest::prelude::*;
    prop_oneof![
        4 => "[a-c\\r\\n]{0,4}".prop_map(String::into_bytes),
        2 => Just(b"\r\n".to_vec()),
        2 => "data: |event: session|:|é".prop_map(String::into_bytes),
        1 => any::<[u8; 1]>().prop_map(Vec::from),
    ]
}
