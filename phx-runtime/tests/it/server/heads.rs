//! Which heads of requests reach a route.

use phx_runtime::options::ServerOptions;
use tokio::net::TcpStream;

use super::{asked, head, start, status};
use crate::support::logs::Logs;

const HANDSHAKE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[tokio::test]
async fn a_request_without_one_valid_host_is_refused() {
    let at = start(ServerOptions::new()).await;
    for (version, host, allowed) in [
        ("1.1", "Host: a\r\n", true),
        ("1.1", "Host: a:80\r\n", true),
        ("1.1", "hOST:   [::1]:4000  \r\n", true),
        ("1.1", "", false),
        ("1.1", "Host: a\r\nHost: a\r\n", false),
        ("1.1", "Host: a\r\nHost: b\r\n", false),
        ("1.1", "Host:\r\n", false),
        ("1.1", "Host: a b\r\n", false),
        ("1.1", "Host: a/b\r\n", false),
        ("1.1", "Host: http://a\r\n", false),
        ("1.1", "Host: user@a\r\n", false),
        ("1.1", "Host: a:b\r\n", false),
        ("1.1", "Host: a:99999\r\n", false),
        ("1.1", "Host: ::1\r\n", false),
        ("1.1", "Host: gr\u{fc}n\r\n", false),
        ("1.0", "", true),
        ("1.0", "Host: a\r\n", true),
        ("1.0", "Host: a\r\nHost: a\r\n", false),
        ("1.0", "Host: a b\r\n", false),
    ] {
        let health = format!("GET /health HTTP/{version}\r\n{host}\r\n");
        let answered = asked(at, health).await;
        assert_eq!(answered, if allowed { 200 } else { 400 }, "{version} {host:?}");
        if version == "1.1" {
            let target = "/socket/websocket?vsn=2.0.0";
            let socket = format!("GET {target} HTTP/{version}\r\n{host}{HANDSHAKE}\r\n");
            let answered = asked(at, socket).await;
            assert_eq!(answered, if allowed { 101 } else { 400 }, "{version} {host:?}");
        }
    }
}

#[tokio::test]
async fn a_request_whose_target_has_no_path_is_answered_before_any_route() {
    let logs = Logs::from("error");
    let at = start(ServerOptions::new()).await;
    // All over one connection, which none of them ends.
    let mut stream = TcpStream::connect(at).await.unwrap();
    for (line, expected) in [
        ("CONNECT a:1", 501),
        ("CONNECT /health", 501),
        ("CONNECT http://a/health", 501),
        ("GET a:1", 400),
        ("OPTIONS a:1", 400),
        ("GET *", 400),
        ("OPTIONS *", 204),
        ("GET http://a", 404),
        ("GET http://a?b", 404),
        ("GET http://a/health", 200),
        ("GET /health", 200),
    ] {
        let answer = head(&mut stream, format!("{line} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        assert_eq!(status(&answer), expected, "{line}");
        let length = answer.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        tokio::io::AsyncReadExt::read_exact(&mut stream, &mut body).await.unwrap();
    }
    assert_eq!(logs.text(), "");
}

#[tokio::test]
async fn a_route_that_panics_costs_its_request_alone() {
    let logs = Logs::from("error");
    let at = start(ServerOptions::new()).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    for (path, expected) in [("/panic", 500), ("/health", 200)] {
        let answer = head(&mut stream, format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        assert_eq!(status(&answer), expected);
    }
    let text = logs.text();
    assert!(text.contains("a route panicked") && text.contains("on purpose"), "{text}");
}
