//! The same over long-poll, where every message is a request.

use std::time::Duration;

use http::{Method, StatusCode};
use phx_runtime::{json, options::LongPollOptions, token::Token};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    bad_input::server::{TestServer, ok},
    support::{
        clock::pass,
        http_client::{Client, get, request, send},
    },
};

const PATH: &str = "/socket/longpoll";
const HEADER: &str = "x-phoenix-longpoll-token";

async fn opened(server: &TestServer) -> Client {
    Client::open(server.at, &format!("{PATH}?vsn=2.0.0")).await
}

async fn joined(server: &TestServer) -> Client {
    Client::joined(server.at, "room:a").await
}

/// The session is whole: it takes a message and gives the answer.
async fn is_answered(client: &Client) {
    assert_eq!(client.post(r#"["1","9","room:a","add",[1,2]]"#).await, 200);
    assert_eq!(client.receive(1).await, [ok("1", "9", "room:a", "3")]);
}

async fn ends(server: &TestServer) {
    server.endpoint.drain().await;
    assert_eq!(server.endpoint.connections(), 0);
    assert_eq!(server.endpoint.subscribers("room:a"), 0);
}

#[tokio::test]
async fn a_token_with_any_letter_changed_finds_no_session() {
    let server = TestServer::start().await;
    let client = joined(&server).await;
    for at in 0..client.token.len() {
        let mut token = client.token.clone().into_bytes();
        token[at] = if token[at] == b'A' { b'B' } else { b'A' };
        let token = String::from_utf8(token).unwrap();
        let thief = Client { token, ..client.clone() };
        assert_eq!(thief.post(r#"["1","2","room:a","phx_leave",{}]"#).await, 410, "{at}");
    }
    for token in
        [&client.token[1..], &client.token[..20], &client.token.repeat(2), &"A".repeat(8000)]
    {
        let thief = Client { token: token.to_owned(), ..client.clone() };
        assert_eq!(thief.post(r#"["1","2","room:a","phx_leave",{}]"#).await, 410, "{token}");
    }
    is_answered(&client).await;
    ends(&server).await;
}

#[tokio::test]
async fn tokens_that_others_signed_find_no_session() {
    let server = TestServer::start().await;
    let client = joined(&server).await;
    // Another server's, another mount's, and one that the application signed for something else.
    let other = opened(&TestServer::start().await).await.token;
    let mount = get(server.at, "/brief/longpoll?vsn=2.0.0").await.token();
    let own = Token::sign(server.endpoint.secret(), "user socket", &"AAAA").unwrap();
    for token in [other, mount, own] {
        let stranger = Client { token, ..client.clone() };
        assert_eq!(stranger.post("[]").await, 410);
        // A poll opens a new session instead.
        assert_ne!(stranger.poll().await.token(), client.token);
    }
    is_answered(&client).await;
    ends(&server).await;
}

#[tokio::test]
async fn headers_and_queries_that_are_no_token_find_no_session() {
    let server = TestServer::start().await;
    let client = joined(&server).await;
    for raw in [&b"\xff\xfe"[..], b"gr\xc3\xbcn", b"\"", b"  ", b"%00"] {
        let mut post =
            format!("POST {PATH} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n").into_bytes();
        post.extend([HEADER.as_bytes(), b": ", raw, b"\r\nContent-Length: 2\r\n\r\n[]"].concat());
        let answer = exchange(&server, &post).await;
        assert!(answer.contains(r#"{"status":410}"#), "{answer}");
    }
    for query in ["token", "token=", "token=%00", "token=%c3%bc", "token[]=a", "token=a&token=b"] {
        let answer = send(server.at, request(&Method::POST, &format!("{PATH}?{query}"), &[], "[]"));
        assert_eq!(answer.await.status(), 410, "{query}");
    }
    is_answered(&client).await;
    ends(&server).await;
}

/// Sends bytes and gives all that comes back.
async fn exchange(server: &TestServer, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.at).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn what_is_no_message_is_answered_with_400_and_the_session_lives_on() {
    let server = TestServer::start().await;
    let client = joined(&server).await;
    let deep = "[".repeat(1_000_000);
    for body in ["", "garbage", "[]", "{}", "null", r#"["1","2","room:a"]"#, &deep] {
        assert_eq!(client.post(body).await, 400, "{body:.100}");
    }
    // Nested within its payload, a message is one; its handler cannot read it.
    let deep = deep + &"]".repeat(1_000_000);
    assert_eq!(client.post(&format!(r#"["1","2","room:a","look",{deep}]"#)).await, 200);
    assert!(client.receive(1).await[0].contains("invalid payload"));
    is_answered(&client).await;
    ends(&server).await;
}

#[tokio::test]
async fn broken_lines_of_a_batch_cost_no_other_line() {
    let server = TestServer::start().await;
    let client = joined(&server).await;
    let good = |n: u32| format!(r#"["1","{n}","room:a","add",[{n}]]"#);
    // Base64 of binary pushes: one with lying lengths, one cut off, one of another kind, a good one.
    let broken = ["AP////8=", "AAEB", "AgEBBgQxMg==", "!!!!", "[", "[1,2", "{\"a\":", "\u{feff}[]"];
    let lines = (0..).zip(broken).map(|(n, line)| format!("{}\n{line}\r\n", good(n)));
    let batch = lines.collect::<String>() + "AAEBBgQxN3Jvb206YWVjaG8=\n\n\n";
    assert_eq!(client.post_as("application/x-ndjson", &batch).await, 400);
    let answers = client.receive(broken.len()).await;
    for (n, answer) in (0..).zip(&answers) {
        assert_eq!(*answer, ok("1", &n.to_string(), "room:a", &n.to_string()));
    }
    is_answered(&client).await;
    ends(&server).await;
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_handled() {
    let server = TestServer::start().await;
    let client = joined(&server).await;
    let leave = r#"["1","2","room:a","phx_leave",{}]"#;
    let head = format!("POST {PATH} HTTP/1.1\r\nHost: a\r\n{HEADER}: {}\r\n", client.token);
    for body in [
        format!("Content-Length: {}\r\n\r\n{leave}", leave.len() + 1),
        format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{leave}\r\n", leave.len()),
        format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{leave}\r\nbogus\r\n", leave.len()),
        format!("Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{leave}"),
        "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n".to_owned(),
    ] {
        let mut stream = TcpStream::connect(server.at).await.unwrap();
        stream.write_all((head.clone() + &body).as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
        is_answered(&client).await;
    }
    ends(&server).await;
}

#[tokio::test]
async fn a_flood_of_joins_in_one_body_ends_its_session_alone() {
    let server = TestServer::start_with(|mount| {
        let patient = Duration::from_hours(1);
        let longpoll = LongPollOptions::new().window(patient);
        mount.longpoll(longpoll.backlog_timeout(Duration::from_secs(1)))
    })
    .await;
    let mut bystander = server.bystander().await;
    let other = joined(&server).await;
    let client = opened(&server).await;
    let join = |n| format!("[\"1\",\"1\",\"room:{n}\",\"phx_join\",{{}}]\n");
    let flood: String = (0..100_000).map(join).collect();
    let flooding = tokio::spawn({
        let client = client.clone();
        async move { client.post_as("application/x-ndjson", &flood).await }
    });
    while !flooding.is_finished() {
        bystander.is_answered().await;
        pass(Duration::from_millis(100)).await;
    }
    // Nobody polls, and so many answers may not wait.
    assert_eq!(flooding.await.unwrap(), 410);
    assert_eq!(client.post("[]").await, 410);
    is_answered(&other).await;
    assert_eq!(server.endpoint.connections(), 2);
    assert_eq!(
        (0..100_000).map(|n| server.endpoint.subscribers(format!("room:{n}"))).sum::<usize>(),
        0
    );
    drop(bystander);
    ends(&server).await;
}

#[tokio::test]
async fn many_polls_and_sessions_of_one_client_take_nothing_from_others() {
    let server = TestServer::start().await;
    let mut bystander = server.bystander().await;
    let client = joined(&server).await;
    let mut polls = tokio::task::JoinSet::new();
    for n in 0..200 {
        let client = client.clone();
        polls.spawn(async move { client.poll().await.json() });
        opened(&server).await;
        if n % 20 == 0 {
            bystander.is_answered().await;
        }
    }
    // All but the newest poll have ended, without messages, and that one gets what comes.
    for _ in 0..199 {
        assert_eq!(polls.join_next().await.unwrap().unwrap()["status"], 204);
    }
    assert_eq!(client.post(r#"["1","2","room:a","add",[1,2]]"#).await, 200);
    let last = polls.join_next().await.unwrap().unwrap();
    assert_eq!(last["messages"], json!([ok("1", "2", "room:a", "3")]));
    assert_eq!(server.endpoint.connections(), 202);
    bystander.is_answered().await;
    drop(bystander);
    ends(&server).await;
}

#[tokio::test]
async fn sessions_that_nobody_comes_back_to_are_all_forgotten() {
    let server = TestServer::start().await;
    let bystander = server.bystander().await;
    for _ in 0..50 {
        let opened = get(server.at, "/brief/longpoll?vsn=2.0.0").await;
        assert_eq!((opened.http, opened.status()), (StatusCode::OK, 410));
    }
    pass(Duration::from_mins(1)).await;
    server.forgets_all_but(bystander).await;
}
