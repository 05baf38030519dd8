//! Requests of a client of server-sent events: a transport from outside, as the examples have it.

#![no_main]

#[path = "../../../examples/transports/tests/it/any_bytes.rs"]
#[allow(dead_code, reason = "the other target calls the rest")]
mod any_bytes;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    query: &'a str,
    origin: Option<&'a [u8]>,
    posts: Vec<(bool, &'a [u8])>,
}

fuzz_target!(|input: Input<'_>| {
    any_bytes::requests_for_events(input.query, input.origin, &input.posts);
});
