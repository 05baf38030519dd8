//! What holds for any bytes that a client sends over the transports of this crate, as functions that panic
//! where it does not. The fuzz targets `lines` and `events` of the library call them as well.

use axum::{Router, body::Body, extract::Request, response::Response};
use futures_util::StreamExt;
use http::{HeaderValue, StatusCode, Uri, header};
use phx_runtime::{
    ConnectError, Endpoint, Reason,
    options::{CheckOrigin, CustomOptions, Mount},
    socket::{ConnectRequest, RawConnect},
    transport::{Connection, Flow, Frame, Handled, RawSocket},
};
use phx_transports::{events, lines};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex},
    runtime::Builder,
};
use tower_service::Service;

const PATH: &str = "/echo";

/// Sends back what it gets, so that it is known what has to come.
struct Echo;

impl RawConnect for Echo {
    async fn connect(_: ConnectRequest) -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

impl RawSocket for Echo {
    fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a> {
        connection.send(&frame);
        Flow::Continue.into()
    }
}

fn endpoint() -> Endpoint {
    let origin = CheckOrigin::list(["http://localhost"]);
    let mount = Mount::new(PATH).custom(CustomOptions::new().check_origin(origin));
    Endpoint::builder().raw_socket::<Echo>(mount).build().expect("an endpoint")
}

fn run(work: impl Future<Output = ()>) {
    let runtime = Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(work);
}

/// A stream of lines: each whole one that is text is a message, however it is cut into writes; the
/// first that is none ends the connection, behind the answers to those before it.
pub(crate) fn stream_of_lines(stream: &[u8], pieces: &[usize]) {
    run(async {
        let endpoint = endpoint();
        let (client, server) = duplex(64);
        let (mut answers, mut questions) = tokio::io::split(client);
        let asking = async {
            let mut rest = stream;
            let mut pieces = pieces.iter().chain(&[usize::MAX]).cycle();
            while !rest.is_empty() {
                let length = pieces.next().map_or(1, |piece| (*piece).clamp(1, rest.len()));
                // The server may have closed.
                if questions.write_all(&rest[..length]).await.is_err() {
                    break;
                }
                rest = &rest[length..];
            }
            let _ = questions.shutdown().await;
        };
        let hearing = async {
            let mut heard = Vec::new();
            let read = answers.read_to_end(&mut heard).await;
            read.map(|_| heard)
        };
        let serving = lines::serve_one(&endpoint, PATH, server, None);
        let (reason, (), heard) = tokio::join!(serving, asking, hearing);
        let (expected, expected_reason) = echo_of_lines(stream);
        assert_eq!(String::from_utf8_lossy(&heard.expect("memory")), expected);
        assert_eq!(reason.expect("everybody may connect"), expected_reason);
        assert_eq!(endpoint.connections(), 0);
    });
}

fn echo_of_lines(stream: &[u8]) -> (String, Reason) {
    let mut echo = String::new();
    // What follows the last line break is no line.
    let end = stream.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    for line in stream[..end].split_inclusive(|byte| *byte == b'\n') {
        let line = &line[..line.len() - 1];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Ok(text) = str::from_utf8(line) else {
            return (echo, Reason::failed("closed with code 1007"));
        };
        echo.extend([&*text.replace('\r', " "), "\n"]);
    }
    (echo, Reason::Closed)
}

/// Requests of a client of server-sent events: a stream for whoever may have one, and what is sent to
/// its name comes back in it, one event for each message. The others say whether they know the name.
pub(crate) fn requests_for_events(query: &str, origin: Option<&[u8]>, posts: &[(bool, &[u8])]) {
    let Ok(uri) = Uri::try_from(format!("{PATH}/events?{query}")) else { return };
    let mut request = Request::get(uri);
    if let Some(origin) = origin {
        let Ok(origin) = HeaderValue::from_bytes(origin) else { return };
        request = request.header(header::ORIGIN, origin);
    }
    let request = request.body(Body::empty()).expect("a request");
    run(async {
        let endpoint = endpoint();
        let routes = events::routes(endpoint.clone(), PATH);
        let response = answer(&routes, request).await;
        if response.status() == StatusCode::OK {
            let own =
                || origin.is_some_and(|origin| origin.eq_ignore_ascii_case(b"http://localhost"));
            assert!(origin.is_none() || own(), "{origin:?}");
            converse(&routes, response, posts).await;
        } else {
            let refused = [StatusCode::BAD_REQUEST, StatusCode::FORBIDDEN];
            assert!(refused.contains(&response.status()), "{response:?}");
        }
        while endpoint.connections() > 0 {
            tokio::task::yield_now().await;
        }
    });
}

async fn converse(routes: &Router, response: Response, posts: &[(bool, &[u8])]) {
    let mut stream = response.into_body().into_data_stream();
    let mut event = async || {
        let event = stream.next().await.expect("an event").expect("no error");
        String::from_utf8(event.to_vec()).expect("text")
    };
    let first = event().await;
    let name = first.strip_prefix("event: session\ndata: ").expect("a name").trim_end();
    for (knows_the_name, body) in posts {
        let name = if *knows_the_name { name } else { "nobody" };
        let post = Request::post(format!("{PATH}/events/{name}"));
        let post = post.body(Body::from(body.to_vec())).expect("a request");
        let status = answer(routes, post).await.status();
        match str::from_utf8(body) {
            _ if !knows_the_name => assert_eq!(status, StatusCode::GONE),
            Err(_) => assert_eq!(status, StatusCode::BAD_REQUEST),
            Ok(text) => {
                assert_eq!(status, StatusCode::NO_CONTENT);
                assert_eq!(message_of(&event().await), text.replace(['\n', '\r'], " "));
            }
        }
    }
}

/// The message of an event, as browsers read it.
fn message_of(event: &str) -> String {
    let lines: Vec<_> =
        event.replace("\r\n", "\n").replace('\r', "\n").split('\n').map(str::to_owned).collect();
    let [data, end, rest] = &*lines else { panic!("{event:?} is not one event") };
    assert_eq!((&**end, &**rest), ("", ""));
    data.strip_prefix("data: ").expect("a message").to_owned()
}

async fn answer(routes: &Router, request: Request) -> Response {
    let Ok(response) = routes.clone().call(request).await;
    response
}
