//! Hostile clients of server-sent events: those that need no network ask the routes directly.

use std::{convert::Infallible, future::pending};

use axum::{Router, body::Body, extract::Request, response::Response};
use futures_util::{Stream, StreamExt, future::join_all, stream};
use http::{Method, StatusCode, header};
use phx_runtime::{
    Endpoint,
    testing::scenario::{Line, PATH},
    token::Token,
};
use phx_transports::events::{self, LONGEST};
use tokio::{
    io::{AsyncWriteExt, BufReader},
    net::TcpStream,
    time::Instant,
};
use tower_service::Service;

use crate::clients::{
    EventClient, HEARTBEAT, JOIN, connected, endpoint, heartbeat, is_answered, joined, serve,
    status,
};

struct Server {
    endpoint: Endpoint,
    routes: Router,
}

impl Server {
    fn new() -> Self {
        let endpoint = endpoint();
        let routes = events::routes(endpoint.clone(), PATH);
        Self { endpoint, routes }
    }

    async fn asked(&self, request: Request) -> Response {
        let Ok::<_, Infallible>(response) = self.routes.clone().call(request).await;
        response
    }

    async fn open(&self) -> Response {
        let uri = format!("{PATH}/events?vsn=2.0.0");
        self.asked(Request::get(uri).body(Body::empty()).unwrap()).await
    }

    /// Opens a stream, and gives it behind its name.
    async fn stream(&self) -> (impl Stream<Item = String> + Unpin + use<>, String) {
        let response = self.open().await;
        assert_eq!(response.status(), StatusCode::OK);
        let mut events = response
            .into_body()
            .into_data_stream()
            .map(|event| String::from_utf8(event.unwrap().to_vec()).unwrap());
        let first = events.next().await.unwrap();
        let name = first.strip_prefix("event: session\ndata: ").unwrap().trim_end().to_owned();
        (events, name)
    }

    async fn post(&self, name: &str, body: impl Into<Body>) -> StatusCode {
        let uri = format!("{PATH}/events/{name}");
        self.asked(Request::post(uri).body(body.into()).unwrap()).await.status()
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_message_ends_its_client_alone() {
    let server = Server::new();
    let (mut good, good_name) = server.stream().await;
    for (body, answer) in [
        (&b"\xff"[..], StatusCode::BAD_REQUEST),
        (b"no message", StatusCode::NO_CONTENT),
        (b"", StatusCode::NO_CONTENT),
        (b"{}", StatusCode::NO_CONTENT),
    ] {
        let (bad, name) = server.stream().await;
        assert_eq!(server.post(&name, body).await, answer);
        if answer == StatusCode::NO_CONTENT {
            assert_eq!(bad.collect::<String>().await, "");
            assert_eq!(server.post(&name, HEARTBEAT).await, StatusCode::GONE);
        }
    }
    assert_eq!(server.post(&good_name, HEARTBEAT).await, StatusCode::NO_CONTENT);
    assert!(good.next().await.unwrap().contains("phx_reply"));
}

#[tokio::test(start_paused = true)]
async fn messages_are_taken_from_whoever_knows_the_name_of_an_open_stream_alone() {
    let server = Server::new();
    let (mut stream, name) = server.stream().await;
    let forged = Token::sign(server.endpoint.secret(), "events", &0_u64).unwrap();
    let other_secret = Token::sign(endpoint().secret(), "events", &0_u64).unwrap();
    for name in ["0", "x", "%00", &forged, &other_secret, &name.to_lowercase(), &name[1..]] {
        assert_eq!(server.post(name, JOIN).await, StatusCode::GONE, "{name}");
    }
    assert_eq!(server.post(&name, HEARTBEAT).await, StatusCode::NO_CONTENT);
    assert!(stream.next().await.unwrap().contains("phx_reply"));
    drop(stream);
    connected(&server.endpoint, 0).await;
    assert_eq!(server.post(&name, HEARTBEAT).await, StatusCode::GONE);
}

#[tokio::test(start_paused = true)]
async fn a_page_of_another_origin_and_a_version_that_nobody_speaks_open_no_stream() {
    let server = Server::new();
    let ask = async |query: &str, origin: &str| {
        let request = Request::get(format!("{PATH}/events{query}"));
        let request = request.header(header::ORIGIN, origin).body(Body::empty()).unwrap();
        server.asked(request).await.status()
    };
    for origin in ["http://evil.example", "null", "http://localhost:4001", "localhost", ""] {
        assert_eq!(ask("?vsn=2.0.0", origin).await, StatusCode::FORBIDDEN, "{origin}");
    }
    for query in ["?vsn=9.0.0", "?vsn=x", "?vsn=2.0.0&vsn[]=1"] {
        assert!(ask(query, "http://localhost").await.is_client_error(), "{query}");
    }
    assert_eq!(server.endpoint.connections(), 0);
    assert_eq!(ask("?vsn=2.0.0", "http://localhost").await, StatusCode::OK);
    let other = Request::builder().method(Method::PUT).uri(format!("{PATH}/events/x"));
    let other = server.asked(other.body(Body::empty()).unwrap()).await;
    assert_eq!(other.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(start_paused = true)]
async fn no_more_of_a_request_is_taken_than_a_message_may_have_and_no_longer() {
    let server = Server::new();
    let (mut stream, name) = server.stream().await;
    let taken = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = taken.clone();
    let endless = stream::repeat_with(move || {
        count.fetch_add(1000, std::sync::atomic::Ordering::Relaxed);
        Ok::<_, Infallible>([b'x'; 1000].as_slice())
    });
    let answer = server.post(&name, Body::from_stream(endless)).await;
    assert_eq!(answer, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(taken.load(std::sync::atomic::Ordering::Relaxed) < LONGEST + 2000);

    // A body that stops is waited for, but not for ever, and it is in nobody's way.
    let stopped = || {
        let begin = stream::once(async { Ok::<_, Infallible>("[null,") });
        server.post(&name, Body::from_stream(begin.chain(stream::once(pending()))))
    };
    let begin = Instant::now();
    let (stopped, ()) = tokio::join!(join_all([stopped(), stopped(), stopped()]), async {
        assert_eq!(server.post(&name, HEARTBEAT).await, StatusCode::NO_CONTENT);
        assert!(stream.next().await.unwrap().contains("phx_reply"));
    });
    assert_eq!(stopped, [StatusCode::REQUEST_TIMEOUT; 3]);
    assert_eq!(begin.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_reads_its_stream_is_read_no_further_and_closed() {
    let server = Server::new();
    let (stream, name) = server.stream().await;
    assert_eq!(server.post(&name, JOIN).await, StatusCode::NO_CONTENT);
    let long = "x".repeat(60_000);
    let question = format!(r#"["1","2","scene:1","echo","{long}"]"#);
    let mut asked = 0;
    while server.post(&name, question.clone()).await == StatusCode::NO_CONTENT {
        asked += 1;
        assert!(asked < 1000, "what waits has no bound");
    }
    connected(&server.endpoint, 0).await;
    assert_eq!(server.endpoint.subscribers("scene:1"), 0);
    drop(stream);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_silent_is_let_go() {
    let server = Server::new();
    let (stream, _) = server.stream().await;
    let begin = Instant::now();
    assert_eq!(stream.collect::<String>().await, "");
    assert_eq!(begin.elapsed().as_secs(), 60);
    connected(&server.endpoint, 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_unread_or_a_request_that_is_given_up_leave_nothing_behind() {
    let server = Server::new();
    let (mut bystander, bystanders) = server.stream().await;
    for _ in 0..100 {
        // One that goes before it knows its name.
        drop(server.open().await);
        let (_stream, name) = server.stream().await;
        let never = Body::from_stream(stream::once(pending::<Result<String, Infallible>>()));
        tokio::select! {
            biased;
            _ = server.post(&name, never) => unreachable!("it never comes"),
            () = tokio::task::yield_now() => {}
        }
    }
    connected(&server.endpoint, 1).await;
    assert_eq!(server.post(&bystanders, HEARTBEAT).await, StatusCode::NO_CONTENT);
    assert!(bystander.next().await.unwrap().contains("phx_reply"));
}

#[tokio::test]
async fn thousands_of_requests_in_one_write_are_answered_and_others_meanwhile() {
    const COUNT: usize = 3000;
    let endpoint = endpoint();
    let at = serve(&endpoint, events::routes(endpoint.clone(), PATH)).await;
    let mut bystander = joined(EventClient::connect(at).await).await;
    let mut flooding = EventClient::connect(at).await;
    let flood: Vec<u8> = (0..COUNT)
        .flat_map(|number| EventClient::request(&flooding.name, heartbeat(number).as_bytes()))
        .collect();
    let EventClient { events, requests, name } = flooding;
    let (answers, mut questions) = requests.into_inner().into_split();
    let writing =
        tokio::spawn(async move { questions.write_all(&flood).await.map(|()| questions) });
    let answering = tokio::spawn(async move {
        let mut answers = BufReader::new(answers);
        for _ in 0..COUNT {
            assert_eq!(status(&mut answers).await, 204);
        }
    });
    let requests = BufReader::new(TcpStream::connect(at).await.unwrap());
    flooding = EventClient { events, requests, name };
    for number in 0..COUNT {
        let heard = flooding.receive().await.unwrap();
        assert!(heard.starts_with(&format!(r#"[null,"{number}","#)), "{heard}");
        if number == COUNT / 100 {
            is_answered(&mut bystander).await;
        }
    }
    answering.await.unwrap();
    drop(writing.await.unwrap().unwrap());
    drop(flooding);
    connected(&endpoint, 1).await;
}

#[tokio::test]
async fn half_a_request_and_then_gone_hurts_nobody() {
    let endpoint = endpoint();
    let at = serve(&endpoint, events::routes(endpoint.clone(), PATH)).await;
    let mut bystander = joined(EventClient::connect(at).await).await;
    for half in ["GET", "GET /scenario/events?vsn=2.0.0 HTTP/1.1\r\nhost: a\r\n", "\0\r\n\r\n"] {
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
    }
    let mut client = joined(EventClient::connect(at).await).await;
    let half = &EventClient::request(&client.name, JOIN.as_bytes());
    client.requests.write_all(&half[..half.len() - 3]).await.unwrap();
    client.requests = BufReader::new(TcpStream::connect(at).await.unwrap());
    is_answered(&mut client).await;
    drop(client);
    connected(&endpoint, 1).await;
    is_answered(&mut bystander).await;
}
