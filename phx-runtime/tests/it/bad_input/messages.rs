//! Messages that are none, or too much of one.

use crate::{
    bad_input::server::{TestServer, ok, refused},
    support::raw_client::{BINARY, RawClient, SOCKET, TEXT, frame},
};

const DEEP: usize = 1_000_000;

fn nested(open: &str, inner: &str, close: &str) -> String {
    open.repeat(DEEP) + inner + &close.repeat(DEEP)
}

#[tokio::test]
async fn a_message_nested_a_million_levels_deep_closes_its_own_connection() {
    let server = TestServer::start().await;
    let mut bystander = server.bystander().await;
    for text in ["[".repeat(DEEP), nested("[", "", "]"), nested("{\"a\":", "1", "}")] {
        let mut client = server.joined("room:a").await;
        client.send_text(&text).await;
        assert_eq!(client.closed_with().await, Some(1011));
        bystander.is_answered().await;
    }
    server.forgets_all_but(bystander).await;
}

#[tokio::test]
async fn a_payload_nested_a_million_levels_deep_is_as_good_as_any_other() {
    let server = TestServer::start().await;
    let mut bystander = server.bystander().await;
    for deep in [nested("[", "", "]"), nested("{\"a\":", "1", "}")] {
        let mut client = server.connect().await;
        client.send_text(&format!(r#"["1","1","room:a","phx_join",{deep}]"#)).await;
        assert_eq!(client.frame().await.unwrap().text(), ok("1", "1", "room:a", "{}"));
        // Sent back without a look, it is text like any other.
        client.send_text(&format!(r#"["1","2","room:a","echo",{deep}]"#)).await;
        assert_eq!(client.frame().await.unwrap().text(), ok("1", "2", "room:a", &deep));
        // A handler that wants to look at it cannot.
        client.send_text(&format!(r#"["1","3","room:a","look",{deep}]"#)).await;
        let reply = client.frame().await.unwrap();
        assert!(reply.text().contains(r#""detail":"recursion limit"#), "{:.200}", reply.text());
        assert!(reply.text().contains(r#""reason":"invalid payload""#), "{:.200}", reply.text());
        client.send_text(&format!(r#"["1",{deep},"room:a","add",[1]]"#)).await;
        assert!(client.frame().await.unwrap().text().ends_with(r#""response":1}]"#));
        bystander.is_answered().await;
    }
    server.forgets_all_but(bystander).await;
}

#[tokio::test]
async fn refs_topics_and_events_of_a_megabyte_are_answered() {
    let server = TestServer::start().await;
    let mut bystander = server.bystander().await;
    let long = "x".repeat(1 << 20);
    let mut client = server.joined("room:a").await;
    let topic = format!("room:{long}");
    // What a joined channel keeps is limited: 8 KiB for each name.
    let fits = format!("room:{}", "x".repeat(8 * 1024 - 5));
    for (sent, answer) in [
        (
            format!(r#"["1","2","room:a","{long}",{{}}]"#),
            refused("\"1\"", "2", "room:a", "unmatched event"),
        ),
        (format!(r#"["1","{long}","room:a","echo",7]"#), ok("1", &long, "room:a", "7")),
        (format!(r#"["1","2","{long}","echo",7]"#), refused("null", "2", &long, "unmatched topic")),
        (
            format!(r#"["1","2","{long}","phx_join",7]"#),
            refused("\"1\"", "2", &long, "topic or ref too long"),
        ),
        (
            format!(r#"["1","2","{topic}","phx_join",7]"#),
            refused("\"1\"", "2", &topic, "topic or ref too long"),
        ),
        (
            format!(r#"["{long}","2","room:b","phx_join",7]"#),
            refused(&format!("\"{long}\""), "2", "room:b", "topic or ref too long"),
        ),
        (format!(r#"["1","2","{fits}","phx_join",7]"#), ok("1", "2", &fits, "{}")),
        (format!(r#"["1","2","{fits}","echo",7]"#), ok("1", "2", &fits, "7")),
    ] {
        client.send_text(&sent).await;
        let reply = client.frame().await.unwrap();
        assert!(reply.text() == answer, "{:.300}\n{answer:.300}", reply.text());
        bystander.is_answered().await;
    }
    assert_eq!(server.endpoint.subscribers(&fits), 1);
    drop(client);
    server.forgets_all_but(bystander).await;
    assert_eq!(server.endpoint.subscribers(&fits), 0);
}

#[tokio::test]
async fn what_is_no_message_closes_its_connection_and_no_other() {
    let server = TestServer::start().await;
    let mut bystander = server.bystander().await;
    for (path, first, message, code) in [
        (SOCKET, TEXT, &b""[..], 1011),
        (SOCKET, TEXT, b"garbage", 1011),
        (SOCKET, TEXT, b"\xef\xbb\xbf[]", 1011),
        (SOCKET, TEXT, b"[]", 1011),
        (SOCKET, TEXT, br#"["1","2","room:a","echo"]"#, 1011),
        (SOCKET, TEXT, br#"["1","2","room:a",{},{}]"#, 1011),
        (SOCKET, TEXT, br#"["1","2",null,"echo",{}]"#, 1011),
        (SOCKET, TEXT, br#"["1","2","room:a","echo",{}] "x""#, 1011),
        (SOCKET, TEXT, br#"["1","2","room:a","echo",01]"#, 1011),
        (SOCKET, TEXT, br#"["1","2","room:\ud800","echo",{}]"#, 1011),
        (SOCKET, TEXT, b"[\"1\",\"2\",\"room:\xff\",\"echo\",{}]", 1007),
        (SOCKET, TEXT, b"\xed\xa0\x80", 1007),
        (SOCKET, TEXT, b"[\"1\",\"2\",\"room:\xe2\x82", 1007),
        (SOCKET, BINARY, b"", 1011),
        (SOCKET, BINARY, b"garbage", 1011),
        ("/socket/websocket", TEXT, b"[]", 1011),
        ("/socket/websocket", TEXT, br#"{"topic":"room:a"}"#, 1011),
        ("/socket/websocket", BINARY, b"\0\x01\x01\x06\x0411room:aechox", 1003),
    ] {
        let mut client = RawClient::connect(server.at, path, "").await;
        client.send(first, message).await;
        let shown = String::from_utf8_lossy(message);
        assert_eq!(client.closed_with().await, Some(code), "{path} {shown}");
        bystander.is_answered().await;
    }
    server.forgets_all_but(bystander).await;
}

/// A binary push that says its fields have other sizes than they have.
fn push(sizes: [u8; 4], fields: &[u8]) -> Vec<u8> {
    let mut push = vec![0];
    push.extend(sizes);
    push.extend(fields);
    push
}

#[tokio::test]
async fn binary_pushes_with_lying_lengths_close_their_connection() {
    let server = TestServer::start().await;
    let mut bystander = server.bystander().await;
    let fields = b"12room:aechodata";
    let mut client = server.joined("room:a").await;
    client.send(BINARY, &push([1, 1, 6, 4], fields)).await;
    assert_eq!(client.frame().await.unwrap().payload, b"\x01\x01\x01\x06\x0212room:aokdata");
    drop(client);
    for sizes in
        [[255; 4], [1, 1, 6, 255], [255, 1, 6, 4], [1, 255, 6, 4], [1, 1, 255, 4], [17, 0, 0, 0]]
    {
        let mut client = server.joined("room:a").await;
        client.send(BINARY, &push(sizes, fields)).await;
        assert_eq!(client.closed_with().await, Some(1011), "{sizes:?}");
    }
    // Cut off anywhere before its data, and of a kind that only servers send.
    let whole = push([1, 1, 6, 4], fields);
    for end in 0..whole.len() - b"data".len() {
        let mut client = server.joined("room:a").await;
        client.send(BINARY, &whole[..end]).await;
        assert_eq!(client.closed_with().await, Some(1011), "{end}");
    }
    for kind in [1, 2, 3, 255] {
        let mut client = server.joined("room:a").await;
        client.send(BINARY, &[&[kind], &whole[1..]].concat()).await;
        assert_eq!(client.closed_with().await, Some(1011), "{kind}");
    }
    // Fields that are not text.
    for (at, text) in [(0, "join_ref"), (1, "ref"), (2, "topic"), (8, "event")] {
        let mut fields = fields.to_vec();
        fields[at] = 0xff;
        let mut client = server.joined("room:a").await;
        client.send(BINARY, &push([1, 1, 6, 4], &fields)).await;
        assert_eq!(client.closed_with().await, Some(1011), "{text}");
    }
    bystander.is_answered().await;
    server.forgets_all_but(bystander).await;
}

#[tokio::test]
async fn fields_that_share_a_binary_push_in_another_way_name_another_topic() {
    let server = TestServer::start().await;
    let bystander = server.bystander().await;
    let mut client = server.joined("room:a").await;
    // The topic is one byte short, so it is one that was never joined.
    client.send(BINARY, &push([1, 1, 5, 5], b"12room:aecho")).await;
    let reply = refused("null", "2", "room:", "unmatched topic");
    assert_eq!(client.frame().await.unwrap().text(), reply);
    drop(client);
    server.forgets_all_but(bystander).await;
}

#[tokio::test]
async fn messages_of_joins_that_never_were_reach_nobody() {
    let server = TestServer::start().await;
    let bystander = server.bystander().await;
    let mut client = server.joined("room:a").await;
    let deep = nested("[", "", "]");
    for join_ref in ["\"0\"", "1", "\"\"", "[\"1\"]", "\"\\u0031x\"", &deep] {
        for event in ["echo", "phx_leave"] {
            client.send_text(&format!(r#"[{join_ref},"2","room:a","{event}",{{}}]"#)).await;
        }
    }
    client.send(BINARY, &push([0, 1, 6, 4], b"2room:aecho")).await;
    client.send_text(r#"["1","3","room:a","echo",3]"#).await;
    // The first answer is the one to the only message that has a reader.
    assert_eq!(client.frame().await.unwrap().text(), ok("1", "3", "room:a", "3"));
    drop(client);
    server.forgets_all_but(bystander).await;
}

/// The same numbers every time (Knuth's MMIX generator), so that a failure can be looked at.
fn numbers(seed: u64) -> impl Iterator<Item = u8> {
    std::iter::successors(Some(seed), |state| {
        Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
    })
    .map(|state| state.to_be_bytes()[0])
}

#[tokio::test]
async fn bytes_at_random_end_nothing_but_their_connection() {
    use tokio::io::AsyncWriteExt;

    let server = TestServer::start().await;
    let mut bystander = server.bystander().await;
    for seed in 0..200 {
        let bytes: Vec<u8> = numbers(seed).skip(1).take(300).collect();
        let mut client = server.joined("room:a").await;
        // As a stream, as a binary message, and as the end of one that began well.
        let sent = match seed % 3 {
            0 => bytes,
            1 => frame(BINARY, &bytes),
            _ => frame(BINARY, &[b"\0\x01\x01\x06\x0411room:aecho", &*bytes].concat()),
        };
        client.stream.write_all(&sent).await.unwrap();
        // The server may still wait for the rest of what looks like a long frame.
        client.stream.shutdown().await.unwrap();
        if let Some(code) = client.closed_with().await {
            assert!([1000, 1002, 1007, 1009, 1011].contains(&code), "{seed}: {code}");
        }
        if seed % 20 == 0 {
            bystander.is_answered().await;
        }
    }
    server.forgets_all_but(bystander).await;
}
