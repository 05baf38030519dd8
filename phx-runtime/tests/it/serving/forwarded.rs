//! What is believed of the word of proxies.

use phx_runtime::{
    options::{CheckOrigin, ForceSsl},
    server::BuildError,
};
use tokio::net::TcpStream;

use super::{answer, builder, get, mirrored, start};
use crate::support::logs::Logs;

const FORWARDED: &str = "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n\
                         X-Forwarded-Host: chat.example.com\r\n";

#[tokio::test]
async fn a_trusted_proxy_gives_peer_scheme_and_host_and_nobody_else_does() {
    let at = start(builder().trust_proxies(["127.0.0.0/8"]), "127.0.0.1:0").await;
    let told = mirrored(TcpStream::connect(at).await.unwrap(), FORWARDED).await;
    assert_eq!(told["peer"], "203.0.113.9:0");
    assert_eq!(told["uri"], "https://chat.example.com/mirror/websocket");
    let at = start(builder().trust_proxies(["10.0.0.1"]), "127.0.0.1:0").await;
    let told = mirrored(TcpStream::connect(at).await.unwrap(), FORWARDED).await;
    assert!(told["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{told}");
    assert_eq!(told["uri"], "http://localhost/mirror/websocket");
}

#[tokio::test]
async fn a_page_of_the_requests_own_address_may_connect_behind_a_proxy_that_ends_tls() {
    let page = "Origin: https://chat.example.com\r\n";
    let headers = format!("{FORWARDED}{page}");
    let same = || builder().check_origin(CheckOrigin::REQUEST);
    let at = start(same().trust_proxies(["127.0.0.1"]), "127.0.0.1:0").await;
    mirrored(TcpStream::connect(at).await.unwrap(), &headers).await;

    // Where it cannot work, the log says why.
    let logs = Logs::from("error");
    let at = start(same(), "127.0.0.1:0").await;
    let longpoll = |headers: &str| get("/mirror/longpoll?vsn=2.0.0", headers);
    let refused = answer(TcpStream::connect(at).await.unwrap(), &longpoll(&headers)).await;
    assert!(refused.contains("\"status\":403"), "{refused}");
    assert!(logs.take().contains("name the proxy in `trust_proxies`"));
    answer(TcpStream::connect(at).await.unwrap(), &longpoll(page)).await;
    assert!(logs.take().contains("a proxy that ends TLS has to say so"));
}

#[tokio::test]
async fn a_request_that_says_in_two_ways_whom_it_is_from_is_refused() {
    let logs = Logs::from("warn");
    let at = start(builder().trust_proxies(["127.0.0.1"]), "127.0.0.1:0").await;
    let both = get("/mirror/longpoll", &format!("{FORWARDED}Forwarded: for=198.51.100.7\r\n"));
    let refused = answer(TcpStream::connect(at).await.unwrap(), &both).await;
    assert!(refused.starts_with("HTTP/1.1 400 "), "{refused}");
    assert!(logs.take().contains("`TrustedProxies`"));
}

#[tokio::test]
async fn unencrypted_requests_are_sent_to_where_they_are_encrypted() {
    let forced = || builder().trust_proxies(["127.0.0.1"]).force_ssl(ForceSsl::new());
    let at = start(forced(), "127.0.0.1:0").await;
    let ask = async |request: String| answer(TcpStream::connect(at).await.unwrap(), &request).await;
    let redirected = ask(get("/any/path?a=b", "")).await;
    assert!(redirected.starts_with("HTTP/1.1 301 "), "{redirected}");
    assert!(
        redirected.contains("\r\nlocation: https://example.com/any/path?a=b\r\n"),
        "{redirected}"
    );
    let upgrade = "Upgrade: websocket\r\n";
    assert!(ask(get("/mirror/websocket", upgrade)).await.starts_with("HTTP/1.1 403 "));
    // A proxy in front may have done its part.
    let encrypted = ask(get("/mirror/longpoll?vsn=2.0.0", FORWARDED)).await;
    assert!(encrypted.starts_with("HTTP/1.1 200 "), "{encrypted}");
    assert!(
        encrypted.contains("\r\nstrict-transport-security: max-age=31536000\r\n"),
        "{encrypted}"
    );
}

#[test]
fn an_entry_that_is_no_proxy_keeps_the_endpoint_from_being_built() {
    let built = builder().trust_proxies(["10.0.0.0/8", "balancer.local"]).build();
    let Err(BuildError::TrustedProxy { entry, .. }) = built else { panic!("{built:?}") };
    assert_eq!(entry, "balancer.local");
}
