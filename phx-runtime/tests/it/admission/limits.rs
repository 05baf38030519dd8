//! Requests that are too large.

use phx_runtime::options::WebSocketOptions;

use crate::{
    admission::server::serve_user,
    support::handshake::{open, send},
};

#[tokio::test]
async fn a_query_of_some_kilobytes_is_fine_and_a_huge_one_is_not() {
    let at = serve_user(WebSocketOptions::new()).await;
    let target = |size: usize| format!("/socket/websocket?a={}", "x".repeat(size));
    assert_eq!(open(at, &target(30_000), &[]).await.status, 101);
    for size in [65_530, 200_000] {
        let status = open(at, &target(size), &[]).await.status;
        assert!(matches!(status, 414 | 431), "{status}");
    }
    assert_eq!(open(at, &target(1), &[]).await.status, 101);
}

#[tokio::test]
async fn headers_have_64_kilobytes_together() {
    let at = serve_user(WebSocketOptions::new()).await;
    let (fine, huge) = ("x".repeat(30_000), "x".repeat(70_000));
    assert_eq!(open(at, "/socket/websocket", &[("X-A", &fine)]).await.status, 101);
    assert_eq!(open(at, "/socket/websocket", &[("X-A", &huge)]).await.status, 431);
    let many = [("X-A", &*fine), ("X-B", &*fine), ("X-C", &*fine)];
    assert_eq!(open(at, "/socket/websocket", &many).await.status, 431);
}

#[tokio::test]
async fn there_may_be_a_hundred_headers() {
    let at = serve_user(WebSocketOptions::new()).await;
    // The handshake itself has five.
    assert_eq!(open(at, "/socket/websocket", &[("X-A", "a"); 95]).await.status, 101);
    assert_eq!(open(at, "/socket/websocket", &[("X-A", "a"); 96]).await.status, 431);
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off() {
    let at = serve_user(WebSocketOptions::new()).await;
    let endless = "GET /socket/websocket HTTP/1.1\r\nX-A: ".to_owned() + &"x".repeat(100_000);
    assert_eq!(send(at, endless).await.status, 431);
}
