//! HTTP/2, and `WebSocket`s over it (RFC 8441).

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{client::conn::http2::SendRequest, ext::Protocol};
use hyper_util::rt::{TokioExecutor, TokioIo};
use phx_runtime::options::ServerOptions;

use super::{
    builder, heard, start,
    tls::{Authority, encrypted},
};
use crate::support::raw_client::RawClient;

async fn connect(options: ServerOptions) -> SendRequest<Full<Bytes>> {
    let authority = Authority::new();
    let tls = authority.sign().tls().build().unwrap();
    let at = start(builder().server(options), encrypted(&tls)).await;
    let stream = authority.connect(at, &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let executor = TokioExecutor::new();
    let http = hyper::client::conn::http2::handshake(executor, TokioIo::new(stream)).await;
    let (sender, connection) = http.unwrap();
    tokio::spawn(connection);
    sender
}

fn request(method: Method, path: &str, body: &'static str) -> Request<Full<Bytes>> {
    let uri = format!("https://localhost{path}");
    Request::builder().method(method).uri(uri).body(Full::from(body)).unwrap()
}

async fn text(response: http::Response<hyper::body::Incoming>) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn many_requests_share_a_connection() {
    let mut http = connect(ServerOptions::new()).await;
    let path = "/mirror/longpoll?vsn=2.0.0";
    let opened = text(http.send_request(request(Method::GET, path, "")).await.unwrap()).await;
    let opened: serde_json::Value = serde_json::from_str(&opened).unwrap();
    let token = opened["token"].as_str().unwrap();
    let path = format!("{path}&token={token}");
    let first = text(http.send_request(request(Method::GET, &path, "")).await.unwrap()).await;
    assert!(first.contains("https://localhost/mirror/longpoll"), "{first}");
    // A poll waits while a message is sent over the same connection.
    let poll = http.send_request(request(Method::GET, &path, ""));
    let mut sender = http.clone();
    let sent = sender.send_request(request(Method::POST, &path, "hello"));
    let (polled, sent) = futures_util::future::join(poll, sent).await;
    assert_eq!(sent.unwrap().status(), StatusCode::OK);
    assert!(text(polled.unwrap()).await.contains("hello"));
}

#[tokio::test]
async fn a_websocket_is_a_stream_of_its_connection() {
    let mut http = connect(ServerOptions::new()).await;
    // Whether the server takes such requests is known with its first answer.
    let answer = http.send_request(request(Method::GET, "/nowhere", "")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let open = || {
        let mut asked = request(Method::CONNECT, "/mirror/websocket?vsn=2.0.0", "");
        asked.extensions_mut().insert(Protocol::from_static("websocket"));
        asked.headers_mut().insert("sec-websocket-version", "13".parse().unwrap());
        asked
    };
    for _ in 0..2 {
        let answer = http.send_request(open()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let stream = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
        let mut client = RawClient::upgraded(stream);
        let told: serde_json::Value =
            serde_json::from_str(client.frame().await.unwrap().text()).unwrap();
        assert_eq!(told["uri"], "https://localhost/mirror/websocket?vsn=2.0.0");
        client.send_text(&"x".repeat(200_000)).await;
        assert_eq!(client.frame().await.unwrap().payload.len(), 200_000);
    }
    let mut wrong = open();
    wrong.headers_mut().remove("sec-websocket-version");
    let answer = http.send_request(wrong).await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    // Any other use of the method is one for proxies.
    let mut tunnel = request(Method::CONNECT, "/mirror/websocket", "");
    *tunnel.uri_mut() = "localhost:443".parse().unwrap();
    assert!(
        http.send_request(tunnel).await.is_ok_and(|it| it.status() == StatusCode::NOT_IMPLEMENTED)
    );
}

#[tokio::test]
async fn a_client_that_offers_only_the_old_version_gets_it() {
    let authority = Authority::new();
    let tls = authority.sign().tls().http2(false).build().unwrap();
    let at = start(builder(), encrypted(&tls)).await;
    let stream = authority.connect(at, &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    heard(RawClient::over(stream, super::WEBSOCKET, "").await).await;
}
