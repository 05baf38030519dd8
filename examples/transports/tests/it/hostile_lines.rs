//! Hostile clients of lines. Their streams are memory, so that what the server takes can be counted and
//! no time passes but what is waited for.

use std::time::Duration;

use futures_util::future::join_all;
use phx_runtime::{
    Endpoint, Reason,
    testing::scenario::{Line, PATH},
};
use phx_transports::lines::{LONGEST, serve_one};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex},
    task::JoinHandle,
    time::Instant,
};

use crate::clients::{
    JOIN, LineClient, connected, endpoint, heartbeat, is_answered, joined, serve_lines,
};

/// What the stream between a client and the server has room for.
const BETWEEN: usize = 4096;

fn served(endpoint: &Endpoint, room: usize) -> (DuplexStream, JoinHandle<Reason>) {
    let (client, server) = duplex(room);
    let endpoint = endpoint.clone();
    let serving = async move { serve_one(&endpoint, PATH, server, None).await.unwrap() };
    (client, tokio::spawn(serving))
}

async fn bystander(endpoint: &Endpoint) -> LineClient<DuplexStream> {
    joined(LineClient(BufReader::new(served(endpoint, BETWEEN).0))).await
}

fn failed(code: u16) -> Reason {
    Reason::failed(format_args!("closed with code {code}"))
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_no_message_ends_its_client_alone() {
    let endpoint = endpoint();
    let mut bystander = bystander(&endpoint).await;
    for (garbage, code) in [
        (&b"not a message\n"[..], 1011),
        (b"\n", 1011),
        (b"{}\n", 1011),
        (b"[1,2,3,4,5]\n", 1011),
        (b"\x00\x01\n", 1011),
        (b"\xff\xfe\n", 1007),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1011),
    ] {
        let (mut client, served) = served(&endpoint, BETWEEN);
        client.write_all(garbage).await.unwrap();
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"", "{garbage:?}");
        assert_eq!(served.await.unwrap(), failed(code), "{garbage:?}");
        is_answered(&mut bystander).await;
    }
    assert_eq!(endpoint.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn no_more_of_a_line_is_taken_than_a_line_may_have() {
    let endpoint = endpoint();
    let mut bystander = bystander(&endpoint).await;
    let (mut client, served) = served(&endpoint, BETWEEN);
    let mut written = 0;
    while let Ok(count) = client.write(&[b'x'; 1000]).await {
        written += count;
        assert!(written < 2 * LONGEST, "the line is read for ever");
    }
    assert_eq!(served.await.unwrap(), failed(1009));
    is_answered(&mut bystander).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_in_the_middle_of_a_message_has_not_sent_it() {
    let endpoint = endpoint();
    let mut bystander = bystander(&endpoint).await;
    let (mut client, served) = served(&endpoint, BETWEEN);
    client
        .write_all(format!("{JOIN}\n{}", JOIN.replace("scene:1", "scene:2")).as_bytes())
        .await
        .unwrap();
    client.shutdown().await.unwrap();
    let mut heard = String::new();
    client.read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard.matches("phx_reply").count(), 1, "{heard}");
    assert_eq!(served.await.unwrap(), Reason::Closed);
    assert_eq!((endpoint.subscribers("scene:1"), endpoint.subscribers("scene:2")), (1, 0));
    is_answered(&mut bystander).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_in_the_middle_of_a_message_is_not_waited_for() {
    let endpoint = endpoint();
    let begin = Instant::now();
    let (mut client, served) = served(&endpoint, BETWEEN);
    client.write_all(b"[1,2").await.unwrap();
    assert_eq!(served.await.unwrap(), Reason::Inactive);
    assert!(begin.elapsed() >= Duration::from_mins(1));
    assert_eq!(endpoint.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_reads_is_read_no_further_and_closed() {
    let endpoint = endpoint();
    let (mut client, served) = served(&endpoint, BETWEEN);
    let long = "x".repeat(60_000);
    let question = format!("[\"1\",\"2\",\"scene:1\",\"echo\",\"{long}\"]\n");
    client.write_all(format!("{JOIN}\n").as_bytes()).await.unwrap();
    let mut written = 0;
    while client.write_all(question.as_bytes()).await.is_ok() {
        written += question.len();
        assert!(written < 32 << 20, "what waits has no bound");
    }
    assert_eq!(served.await.unwrap(), Reason::failed("the client reads too slowly"));
    assert_eq!(endpoint.subscribers("scene:1"), 0);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_messages_in_one_write_are_answered_in_order_and_others_meanwhile() {
    const COUNT: usize = 10_000;
    let endpoint = endpoint();
    let mut bystander = bystander(&endpoint).await;
    let (mut client, served) = served(&endpoint, 4 << 20);
    let flood: String = (0..COUNT).map(|number| heartbeat(number) + "\n").collect();
    client.write_all(flood.as_bytes()).await.unwrap();
    client.shutdown().await.unwrap();
    is_answered(&mut bystander).await;
    assert!(!served.is_finished(), "the bystander waited for all of it");
    let mut answers = String::new();
    client.read_to_string(&mut answers).await.unwrap();
    let answers: Vec<_> = answers.lines().collect();
    assert_eq!(answers.len(), COUNT);
    for (number, answer) in answers.iter().enumerate() {
        assert!(answer.starts_with(&format!(r#"[null,"{number}","#)), "{answer}");
    }
    assert_eq!(served.await.unwrap(), Reason::Closed);
}

#[tokio::test]
async fn hundreds_of_hostile_clients_at_once_leave_nothing_behind() {
    let endpoint = endpoint();
    let address = serve_lines(&endpoint).await;
    let mut bystander = joined(LineClient::connect(address).await).await;
    let hostile = (0..300).map(|number| async move {
        let mut client = LineClient::connect(address).await;
        match number % 3 {
            0 => client.send("garbage".to_owned()).await,
            1 => client.0.write_all(&[b'x'; 2000]).await.unwrap(),
            _ => client.send(JOIN.to_owned()).await,
        }
        // Some reset the stream, since they have not read what they got.
        client
    });
    let hostile = join_all(hostile).await;
    is_answered(&mut bystander).await;
    drop(hostile);
    connected(&endpoint, 1).await;
    is_answered(&mut bystander).await;
    assert_eq!(endpoint.subscribers("scene:1"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_task_is_dropped_leaves_its_rooms_and_the_others_in_them() {
    let endpoint = endpoint();
    let mut bystander = bystander(&endpoint).await;
    let (client, served) = served(&endpoint, BETWEEN);
    let mut client = joined(LineClient(BufReader::new(client))).await;
    assert_eq!(endpoint.subscribers("scene:1"), 2);
    served.abort();
    assert_eq!(client.receive().await, None);
    connected(&endpoint, 1).await;
    is_answered(&mut bystander).await;
    assert_eq!(endpoint.subscribers("scene:1"), 1);
}
