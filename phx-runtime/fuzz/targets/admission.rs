//! What a client says before it is let in: parameters, cookies, tokens.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use phx_runtime::fuzzing::{cookies, params, tokens};

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Query(&'a str),
    Cookies(&'a [u8]),
    Token(&'a str),
}

fuzz_target!(|input: Input<'_>| match input {
    Input::Query(query) => params(query),
    Input::Cookies(others) => cookies(others),
    Input::Token(text) => tokens(text),
});
