//! Whole requests as nobody sends them: each gets an answer, and none makes a filter panic.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::start;
use crate::support::logs::Logs;

/// Requests per run, all over real connections.
const CASES: u32 = 1500;

fn one_of(of: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(of).prop_map(str::to_owned)
}

fn method() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => one_of(&["GET", "POST", "OPTIONS", "HEAD", "PUT", "DELETE", "CONNECT", "TRACE", "PATCH"]),
        1 => "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}",
    ]
}

/// In all of the four forms, and in none.
fn target() -> impl Strategy<Value = String> {
    let path = prop_oneof![
        one_of(&[
            "/",
            "//",
            "/socket",
            "/socket/websocket",
            "/socket/longpoll",
            "//socket//longpoll",
            "/socket/websocket/",
            "/health",
            "/%00",
            "/%",
            "/%ff",
            "/..",
            "/\u{fc}",
        ]),
        "(/[!-~]{0,8}){0,4}",
    ];
    let query = prop_oneof![
        2 => Just(String::new()),
        1 => one_of(&["?", "?vsn=2.0.0", "?vsn=%ff", "?token=a", "?a[b][c]=1", "??", "?%"]),
        1 => "\\?[!-~]{0,20}",
    ];
    let authority = prop_oneof![
        one_of(&["a", "a:1", "[::1]:80", "u:p@a", ":", "@", "", "a:b:c", "localhost:4000"]),
        "[!-~]{0,12}",
    ];
    let scheme = one_of(&["http", "https", "ws", "ftp", "mailto", "a+b", ""]);
    prop_oneof![
        4 => (path.clone(), query.clone()).prop_map(|(path, query)| path + &query),
        2 => (scheme, authority.clone(), path, query)
            .prop_map(|(scheme, host, path, query)| format!("{scheme}://{host}{path}{query}")),
        2 => authority,
        1 => one_of(&["*", "**", "*/a", "?", "#", "/a#b"]),
    ]
}

fn header() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        3 => one_of(&[
            "Host", "Connection", "Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version",
            "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Origin", "Cookie", "Expect",
            "X-Phoenix-LongPoll-Token", "X-Phoenix-AuthToken", "Content-Type", "TE",
            "Access-Control-Request-Headers", "X-Forwarded-For", "Authorization",
        ]),
        1 => "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}",
    ];
    let value = prop_oneof![
        2 => one_of(&[
            "", "a", "Upgrade", "keep-alive, Upgrade", "websocket", "13", "close",
            "dGhlIHNhbXBsZSBub25jZQ==", "permessage-deflate; server_max_window_bits=99", "null",
            "http://a:b", "://", "[", "a=b; _k=\"\u{fc}", "application/x-ndjson", "h2c", "trailers",
        ]),
        1 => "[ -~]{0,30}",
    ];
    (name, value).prop_map(|(name, value)| format!("{name}: {value}\r\n"))
}

fn request() -> impl Strategy<Value = String> {
    let version =
        prop_oneof![8 => Just("1.1".to_owned()), 2 => Just("1.0".to_owned()), 1 => "[0-9]\\.[0-9]"];
    let body = prop_oneof![
        3 => Just("\r\n".to_owned()),
        1 => "[ -~\r\n]{0,40}".prop_map(|body| format!("Content-Length: {}\r\n\r\n{body}", body.len())),
        1 => Just("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".to_owned()),
        1 => Just("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nzz\r\n".to_owned()),
    ];
    let host = prop_oneof![6 => Just("Host: a\r\n".to_owned()), 1 => Just(String::new())];
    (method(), target(), version, host, prop::collection::vec(header(), 0..6), body).prop_map(
        |(method, target, version, host, headers, body)| {
            format!("{method} {target} HTTP/{version}\r\n{host}{}{body}", headers.concat())
        },
    )
}

#[test]
fn every_request_is_answered_and_none_makes_a_filter_panic() {
    let logs = Logs::from("error");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let at = runtime.block_on(start(phx_runtime::options::ServerOptions::new()));
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let run = TestRunner::new(config).run(&request(), |request| {
        let answer = runtime.block_on(async {
            let mut stream = TcpStream::connect(at).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = [0; 9];
            stream.read_exact(&mut answer).await.map(|_| answer)
        });
        prop_assert!(answer.is_ok_and(|answer| answer.starts_with(b"HTTP/1.")), "no answer");
        let panicked = logs.take().lines().any(|line| line.contains("panicked"));
        prop_assert!(!panicked, "a filter panicked");
        Ok(())
    });
    run.unwrap();
}
