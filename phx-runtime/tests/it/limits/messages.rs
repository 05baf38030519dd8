//! How long a message may be, and what is kept of it.

use tokio::io::AsyncWriteExt;

use crate::{
    bad_input::server::{TestServer, ok, refused},
    support::raw_client::TEXT,
};

#[tokio::test]
async fn ten_million_bytes_are_a_message_and_one_more_closes() {
    let server = TestServer::start().await;
    let mut bystander = server.bystander().await;
    let mut client = server.joined("room:a").await;
    let beat =
        |spaces: usize| format!(r#"[null,"2","phoenix","heartbeat",{{}}{}]"#, " ".repeat(spaces));
    client.send_text(&beat(10_000_000 - beat(0).len())).await;
    assert!(client.frame().await.unwrap().text().contains(r#""status":"ok""#));
    // Its length is enough: nothing of it is waited for.
    client.stream.write_all(&[TEXT, 0xff]).await.unwrap();
    client.stream.write_all(&10_000_001_u64.to_be_bytes()).await.unwrap();
    client.stream.write_all(&[1, 2, 3, 4]).await.unwrap();
    assert_eq!(client.closed_with().await, Some(1009));
    bystander.is_answered().await;
    server.forgets_all_but(bystander).await;
}

#[tokio::test]
async fn names_of_eight_kibibytes_are_joined_and_longer_ones_not() {
    let server = TestServer::start().await;
    let bystander = server.bystander().await;
    let mut client = server.connect().await;
    let topic = |length: usize| format!("room:{}", "x".repeat(length - "room:".len()));
    // A ref keeps its quotes.
    let (long, longer) = ("7".repeat(8190), "7".repeat(8191));
    for (join_ref, reference, topic, is_joined) in [
        ("1", "1", &*topic(8192), true),
        ("1", "1", &*topic(8193), false),
        (&*long, "1", "room:a", true),
        (&*longer, "1", "room:b", false),
        ("1", &*long, "room:c", true),
        ("1", &*longer, "room:d", false),
    ] {
        client
            .send_text(&format!(r#"["{join_ref}","{reference}","{topic}","phx_join",{{}}]"#))
            .await;
        let answer = if is_joined {
            ok(join_ref, reference, topic, "{}")
        } else {
            refused(&format!("\"{join_ref}\""), reference, topic, "topic or ref too long")
        };
        assert_eq!(client.frame().await.unwrap().text(), answer);
        assert_eq!(server.endpoint.subscribers(topic), usize::from(is_joined));
    }
    drop(client);
    server.forgets_all_but(bystander).await;
}
