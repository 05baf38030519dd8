//! Clients that go while nothing is read from them, because their messages wait for a handler.

use std::time::Duration;

use phx_runtime::Endpoint;
use tokio::io::AsyncWriteExt;

use crate::support::{
    clock::{self, pass, time_until},
    everybody::User,
    raw_client::{CLOSE, RawClient, TEXT, frame},
    server::serve,
};

const SECOND: Duration = Duration::from_secs(1);

/// A client whose handler never returns, and behind it more messages than may wait.
async fn stuck(messages: usize) -> (Endpoint, RawClient) {
    let endpoint = Endpoint::builder().socket::<User>().build().unwrap();
    let mut client = RawClient::joined(serve(&endpoint).await, "room:a").await;
    let wait = frame(TEXT, br#"["1",null,"room:a","wait",{}]"#).repeat(messages);
    // As far as the server and the kernel take it.
    tokio::select! {
        biased;
        written = client.stream.write_all(&wait) => written.unwrap(),
        () = async { for _ in 0..100 { clock::settle().await } } => {}
    }
    assert_eq!(endpoint.subscribers("room:a"), 1);
    (endpoint, client)
}

/// Waits until the server has noticed, for which it needs no time.
async fn gone(endpoint: &Endpoint) {
    clock::until(|| endpoint.subscribers("room:a") == 0).await;
}

#[tokio::test]
async fn a_client_that_closes_or_resets_its_stream_is_gone_at_once_whatever_waits() {
    // The second leaves more unread than is read ahead, the third more than the kernel takes: the end
    // of such a stream is not even sent, but a reset is.
    for (messages, resets) in
        [(1100, false), (1100, true), (3000, false), (3000, true), (50_000, true)]
    {
        let (endpoint, client) = stuck(messages).await;
        if resets {
            client.stream.set_zero_linger().unwrap();
        }
        drop(client);
        gone(&endpoint).await;
    }
}

#[tokio::test]
async fn a_client_that_says_that_it_closes_is_answered_whatever_waits() {
    let (endpoint, mut client) = stuck(1100).await;
    client.send(CLOSE, &1000_u16.to_be_bytes()).await;
    assert_eq!(client.closed_with().await, Some(1000));
    gone(&endpoint).await;
}

#[tokio::test]
async fn a_client_that_is_silent_while_its_messages_wait_is_closed_after_the_timeout() {
    for messages in [1100, 50_000] {
        let (endpoint, mut client) = stuck(messages).await;
        let (time, code) = time_until(client.closed_with()).await;
        assert_eq!(code, Some(1002));
        assert!((60 * SECOND..70 * SECOND).contains(&time), "{time:?}");
        gone(&endpoint).await;
    }
}

#[tokio::test]
async fn a_client_that_beats_while_its_messages_wait_is_kept() {
    let (endpoint, mut client) = stuck(1100).await;
    for _ in 0..20 {
        pass(30 * SECOND).await;
        client.send_text(r#"[null,"9","phoenix","heartbeat",{}]"#).await;
    }
    assert_eq!(endpoint.subscribers("room:a"), 1);
}
