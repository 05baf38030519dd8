//! Handshakes that begin a connection to a server of the endpoint alone, which need no HTTP library,
//! beside the same through it.

use std::{
    convert::Infallible,
    future::pending,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use http::{Request, Response};
use hyper::body::Incoming;
use phx_runtime::{
    options::{ServerOptions, WebSocketOptions},
    prelude::*,
    server::{EndpointService, ResponseBody},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Notify, oneshot},
};
use tower_service::Service;

use crate::support::{
    everybody::Room,
    handshake::{Answer, handshake},
    patience::soon,
    raw_client::{RawClient, SOCKET, TEXT, frame},
    server::{run, serve},
};

/// Counts who asks, and does what is asked for.
struct Asked;

/// How many asked, how many of them went before they were answered, and what some wait for.
#[derive(Default)]
struct Counts {
    asked: AtomicUsize,
    gone: AtomicUsize,
    begun: Notify,
    gate: Notify,
}

/// Counts somebody who goes.
struct Going<'a>(Option<&'a Counts>);

impl Drop for Going<'_> {
    fn drop(&mut self) {
        if let Some(counts) = self.0 {
            counts.gone.fetch_add(1, Ordering::Relaxed);
            counts.begun.notify_one();
        }
    }
}

#[socket("/socket", websocket, longpoll)]
#[channels(Room)]
impl Asked {
    #[connect]
    async fn connect(params: Params, counts: State<Arc<Counts>>) -> Result<Self, ConnectError> {
        counts.asked.fetch_add(1, Ordering::Relaxed);
        match params.get("please") {
            Some("refuse") => return Err(ConnectError::new("no").status(429).body("busy")),
            Some("panic") => panic!("on purpose"),
            Some("wait") => {
                let mut going = Going(Some(&counts));
                counts.begun.notify_one();
                counts.gate.notified().await;
                going.0 = None;
            }
            _ => {}
        }
        Ok(Self)
    }
}

/// The same service, of which its server does not know that it is the endpoint's.
#[derive(Clone)]
struct Through(EndpointService);

impl Service<Request<Incoming>> for Through {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = <EndpointService as Service<Request<Incoming>>>::Future;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<Incoming>>::poll_ready(&mut self.0, task)
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        self.0.call(request)
    }
}

fn endpoint(options: WebSocketOptions, server: ServerOptions) -> (Endpoint, Arc<Counts>) {
    let counts = Arc::new(Counts::default());
    let builder = Endpoint::builder().server(server).state(counts.clone());
    let builder = builder.socket_with::<Asked>(|mount| mount.websocket(options));
    (builder.build().unwrap(), counts)
}

/// Serves an endpoint in both ways, each on a port of its own.
async fn both(endpoint: &Endpoint) -> [SocketAddr; 2] {
    let server = endpoint.bind(([127, 0, 0, 1], 0)).await.unwrap();
    let (through, service) = (server.address(), Through(endpoint.service()));
    run(server.stop_on(pending()).run_service(service));
    [serve(endpoint).await, through]
}

/// Sends a request in pieces, and then whatever shows what became of the connection: a join, or one
/// more request. Gives all that comes back but for dates.
async fn exchange(at: SocketAddr, pieces: &[&[u8]]) -> String {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (last, first) = pieces.split_last().unwrap();
    for piece in first {
        stream.write_all(piece).await.unwrap();
        tokio::task::yield_now().await;
    }
    let answer = Answer::over(stream, last).await;
    let mut told = format!("{}{}", undated(&answer), answer.body);
    if answer.status == 101 {
        let mut client = answer.accepted();
        told += &client.join("room:a", json!({})).await.to_string();
    } else {
        let mut stream = answer.stream;
        let next = b"GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        // The server may have closed.
        let _ = stream.write_all(next).await;
        let mut rest = answer.rest;
        let _ = stream.read_to_end(&mut rest).await;
        told.extend(String::from_utf8_lossy(&rest).lines().filter(|line| !is_date(line)));
    }
    told
}

/// The head of an answer, which the HTTP library dates. Its order and the case of its names mean nothing.
fn undated<S>(answer: &Answer<S>) -> String {
    let mut lines: Vec<_> = answer.head.lines().filter(|line| !is_date(line)).collect();
    lines.sort_unstable();
    lines.join("\n")
}

fn is_date(line: &str) -> bool {
    line.to_ascii_lowercase().starts_with("date: ")
}

#[tokio::test]
async fn whatever_begins_a_connection_is_answered_the_same_with_and_without_the_http_library() {
    let (endpoint, counts) = endpoint(WebSocketOptions::new(), ServerOptions::new());
    let both = both(&endpoint).await;
    let good = handshake(SOCKET, "Host: a\r\n");
    let with = |line: &str| handshake(SOCKET, &format!("Host: a\r\n{line}\r\n"));
    let target = |target: &str| handshake(target, "Host: a\r\n");
    let without = |line: &str| good.replace(line, "");
    let long = "x".repeat(3000);
    let lower: String = good
        .split_inclusive("\r\n")
        .map(|line| match line.split_once(": ") {
            Some((name, value)) => format!("{}: {value}", name.to_ascii_lowercase()),
            None => line.to_owned(),
        })
        .collect();
    let cases = [
        (101, 1, good.clone()),
        (101, 1, lower),
        (101, 1, good.replace(": ", ":")),
        (101, 1, format!("\r\n\r\n{good}")),
        (101, 1, good.replace("\r\n", "\n")),
        (101, 1, with("Cookie: a=b; c=d\r\nUser-Agent: a\r\nAccept-Encoding: gzip\r\nX-A: \u{fc}")),
        (101, 1, with(&format!("Cookie: {long}"))),
        (101, 1, with("Origin: http://localhost")),
        (101, 1, with("Sec-WebSocket-Protocol: a, b")),
        (101, 1, with("Sec-WebSocket-Extensions: permessage-deflate")),
        (101, 1, good.replace("Upgrade: websocket", "Upgrade: h2c, WebSocket")),
        (101, 1, good.replace("Upgrade: websocket", "Upgrade: h2c\r\nUpgrade: websocket")),
        (101, 1, good.replace("Connection: Upgrade", "Connection: close, Upgrade")),
        (
            101,
            1,
            good.replace("Connection: Upgrade", "Connection: keep-alive\r\nConnection: upgrade"),
        ),
        (101, 1, target("http://other/socket/websocket?vsn=2.0.0")),
        (101, 1, target("//socket//websocket/?vsn=2.0.0&a=%20")),
        (101, 1, with("Content-Length: 0")),
        (101, 1, with("Expect: 100-continue")),
        (403, 0, with("Origin: http://elsewhere")),
        (403, 0, target("/socket/websocket?vsn=9.0.0")),
        (429, 1, target("/socket/websocket?vsn=2.0.0&please=refuse")),
        (500, 1, target("/socket/websocket?vsn=2.0.0&please=panic")),
        (400, 0, target("/socket/websocket?a=%ff")),
        (400, 0, without("Upgrade: websocket\r\n")),
        (400, 0, without("Connection: Upgrade\r\n")),
        (400, 0, without("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")),
        (400, 0, good.replace("Sec-WebSocket-Key: dGhl", "Sec-WebSocket-Key: dGh")),
        (400, 0, good.replace("Version: 13", "Version: 8")),
        (400, 0, good.replace("HTTP/1.1", "HTTP/1.0")),
        (400, 0, good.replace("Host: a\r\n", "")),
        (400, 0, with("Host: b")),
        (400, 0, good.replace("Host: a", "Host: a b")),
        (400, 0, with("A B: c")),
        (400, 0, with("Content-Length: a")),
        (400, 0, good.replace("GET /", "GET ")),
        (404, 0, target("/elsewhere/websocket")),
        (404, 0, target("http://a")),
        (405, 0, good.replace("GET", "DELETE")),
        (431, 0, with("X-A: a\r\n".repeat(100).trim_end())),
        // Something that is no request follows.
        (403, 0, with("Origin: http://elsewhere") + "\u{1}garbage\r\n\r\n"),
        (403, 1, with("Origin: http://elsewhere") + &good),
        (403, 0, with("Origin: http://elsewhere\r\nContent-Length: 4") + "body"),
    ];
    for (status, asked, request) in cases {
        let whole = [request.as_bytes()];
        let bytes: Vec<_> = request.as_bytes().chunks(1).collect();
        let halves = request.as_bytes().split_at(request.len() / 2);
        // Of what is no request or is followed by something, the server may not want to see the end.
        let comes_in_pieces = matches!(status, 101 | 403 | 429) && request.ends_with("13\r\n\r\n");
        let cuts: &[&[&[u8]]] =
            if comes_in_pieces { &[&whole, &bytes, &[halves.0, halves.1]] } else { &[&whole] };
        for pieces in cuts {
            let [alone, through] =
                [soon(exchange(both[0], pieces)).await, soon(exchange(both[1], pieces)).await];
            assert_eq!(alone, through, "{request:?}");
            assert!(alone.contains(&format!(" {status} ")), "{request:?}: {alone}");
            assert_eq!(counts.asked.swap(0, Ordering::Relaxed), 2 * asked, "{request:?}");
        }
    }
}

#[tokio::test]
async fn a_usual_handshake_needs_no_http_library() {
    let (endpoint, _) = endpoint(WebSocketOptions::new(), ServerOptions::new());
    let [alone, through] = both(&endpoint).await;
    let request = handshake(SOCKET, "Host: a\r\n");
    for (at, is_dated) in [(alone, false), (through, true)] {
        let stream = TcpStream::connect(at).await.unwrap();
        let answer = Answer::over(stream, request.as_bytes()).await;
        // It is the library that dates answers, and nobody has to date this one.
        assert_eq!(answer.header("date").is_some(), is_dated, "{}", answer.head);
    }
}

#[tokio::test]
async fn a_client_for_whom_there_is_no_room_is_answered_the_same_in_both_ways() {
    for closes in [false, true] {
        let options = WebSocketOptions::new().refuse_by_close(closes);
        let (endpoint, counts) = endpoint(options, ServerOptions::new().max_connections(1));
        let both = both(&endpoint).await;
        let _first = RawClient::joined(both[1], "room:a").await;
        let mut told = Vec::new();
        for at in both {
            let request = handshake(SOCKET, "Host: a\r\n");
            let stream = TcpStream::connect(at).await.unwrap();
            let answer = soon(Answer::over(stream, request.as_bytes())).await;
            let refusal = (undated(&answer), answer.body.clone());
            let code = if closes { soon(answer.accepted().closed_with()).await } else { None };
            told.push((refusal, code, counts.asked.load(Ordering::Relaxed)));
        }
        assert_eq!(told[0], told[1]);
        assert_eq!(told[0].2, 1, "the first one alone was asked about");
    }
}

#[tokio::test]
async fn what_is_sent_behind_a_handshake_is_read() {
    let (endpoint, _) = endpoint(WebSocketOptions::new(), ServerOptions::new());
    for at in both(&endpoint).await {
        let request = handshake(SOCKET, "Host: a\r\n").into_bytes();
        let join = br#"["1","1","room:a","phx_join",{}]"#;
        let frame = frame(TEXT, join);
        for cut in [0, 1, frame.len()] {
            let (early, late) = frame.split_at(cut);
            let stream = TcpStream::connect(at).await.unwrap();
            let answer = soon(Answer::over(stream, &[&request, early].concat())).await;
            let mut client = answer.accepted();
            client.stream.write_all(late).await.unwrap();
            assert_eq!(soon(client.hear()).await[4]["status"], "ok");
        }
    }
}

#[tokio::test]
async fn a_client_that_goes_is_not_decided_on_any_more() {
    let (endpoint, counts) = endpoint(WebSocketOptions::new(), ServerOptions::new());
    for (number, at) in both(&endpoint).await.into_iter().enumerate() {
        let mut stream = TcpStream::connect(at).await.unwrap();
        let request = handshake(&format!("{SOCKET}&please=wait"), "Host: a\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        soon(counts.begun.notified()).await;
        drop(stream);
        soon(counts.begun.notified()).await;
        assert_eq!(counts.gone.load(Ordering::Relaxed), number + 1);
    }
}

#[tokio::test]
async fn a_client_that_is_let_in_while_the_server_ends_is_sent_elsewhere() {
    for is_alone in [true, false] {
        let (endpoint, counts) = endpoint(WebSocketOptions::new(), ServerOptions::new());
        let server = endpoint.bind(([127, 0, 0, 1], 0)).await.unwrap();
        let (at, service) = (server.address(), endpoint.service());
        let (stop, stopped) = oneshot::channel::<()>();
        let server = server.stop_on(async { _ = stopped.await });
        let running = tokio::spawn(async move {
            if is_alone {
                server.run_service(service).await;
            } else {
                server.run_service(Through(service)).await;
            }
        });
        let mut stream = TcpStream::connect(at).await.unwrap();
        let request = handshake(&format!("{SOCKET}&please=wait"), "Host: a\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        soon(counts.begun.notified()).await;
        stop.send(()).unwrap();
        soon(endpoint.draining()).await;
        counts.gate.notify_one();
        let mut client = soon(Answer::over(stream, b"")).await.accepted();
        assert_eq!(soon(client.closed_with()).await, Some(1012));
        drop(client);
        soon(running).await.unwrap();
    }
}
