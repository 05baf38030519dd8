//! The endpoint under other servers than its own.

use std::net::SocketAddr;

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    middleware::map_request,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use phx_runtime::{Endpoint, server::PeerAddress};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use super::{WEBSOCKET, answer, builder, get, heard, mirrored};
use crate::support::{http_client::Client, raw_client::RawClient};

/// Serves the endpoint as an application of plain hyper does, with or without peer addresses.
async fn hyper(endpoint: &Endpoint, tells_peers: bool) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let at = listener.local_addr().unwrap();
    let endpoint = endpoint.clone();
    tokio::spawn(async move {
        loop {
            let (stream, peer) = listener.accept().await.unwrap();
            let service = TowerToHyperService::new(endpoint.service());
            let service = hyper::service::service_fn(move |mut request| {
                if tells_peers {
                    http::Request::extensions_mut(&mut request).insert(PeerAddress(peer));
                }
                hyper::service::Service::call(&service, request)
            });
            tokio::spawn(async move {
                let http = auto::Builder::new(TokioExecutor::new());
                let _ = http.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
            });
        }
    });
    at
}

#[tokio::test]
async fn both_transports_work_in_plain_hyper() {
    let endpoint = builder().build().unwrap();
    let at = hyper(&endpoint, true).await;
    let stream = TcpStream::connect(at).await.unwrap();
    let own = stream.local_addr().unwrap().to_string();
    assert_eq!(mirrored(stream, "").await["peer"], own);
    let polling = Client::open(at, "/mirror/longpoll?vsn=2.0.0").await;
    assert_eq!(polling.post("hello").await, 200);
    let messages = polling.receive(2).await;
    assert_eq!(messages[1], "hello");
    let elsewhere = answer(TcpStream::connect(at).await.unwrap(), &get("/nowhere", "")).await;
    assert!(elsewhere.starts_with("HTTP/1.1 404 "), "{elsewhere}");
    let unknown = hyper(&endpoint, false).await;
    let told = mirrored(TcpStream::connect(unknown).await.unwrap(), "").await;
    assert!(told["peer"].is_null(), "{told}");
}

#[tokio::test]
async fn an_application_drains_by_itself_under_another_server() {
    let endpoint = builder().build().unwrap();
    let at = hyper(&endpoint, true).await;
    let mut client = RawClient::connect(at, WEBSOCKET, "").await;
    assert!(client.frame().await.is_some());
    let ((), code) = futures_util::future::join(endpoint.drain(), client.closed_with()).await;
    assert_eq!(code, Some(1012));
}

/// Serves the endpoint beside a page of axum's own, until told to end.
async fn axum(endpoint: &Endpoint, stop: impl Future<Output = ()> + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let at = listener.local_addr().unwrap();
    let tell_peer = |ConnectInfo(peer): ConnectInfo<SocketAddr>, mut request: Request| async move {
        request.extensions_mut().insert(PeerAddress(peer));
        request
    };
    let app = Router::new()
        .route("/", axum::routing::get(|| async { "a page" }))
        .fallback_service(endpoint.service())
        .layer(map_request(tell_peer));
    let endpoint = endpoint.clone();
    let draining = async move {
        stop.await;
        endpoint.drain().await;
    };
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum::serve(listener, app).with_graceful_shutdown(draining).into_future());
    at
}

#[tokio::test]
async fn both_transports_work_beside_the_pages_of_axum() {
    let endpoint = builder().build().unwrap();
    let at = axum(&endpoint, std::future::pending()).await;
    let stream = TcpStream::connect(at).await.unwrap();
    let own = stream.local_addr().unwrap().to_string();
    assert_eq!(mirrored(stream, "").await["peer"], own);
    let polling = Client::open(at, "/mirror/longpoll?vsn=2.0.0").await;
    assert_eq!(polling.receive(1).await.len(), 1);
    let waiting = polling.open_poll().await;
    assert_eq!(polling.post("hello").await, 200);
    assert_eq!(waiting.await.unwrap().messages(), ["hello"]);
    let asked = async |path| answer(TcpStream::connect(at).await.unwrap(), &get(path, "")).await;
    let (page, elsewhere) = (asked("/").await, asked("/nowhere").await);
    assert!(page.ends_with("a page"), "{page}");
    assert!(elsewhere.starts_with("HTTP/1.1 404 "), "{elsewhere}");
}

#[tokio::test]
async fn axum_ends_when_the_endpoint_has_drained() {
    let endpoint = builder().build().unwrap();
    let (stop, stopped) = oneshot::channel();
    let at = axum(&endpoint, async { stopped.await.unwrap() }).await;
    let mut client = RawClient::connect(at, WEBSOCKET, "").await;
    assert!(client.frame().await.is_some());
    let polling = Client::open(at, "/mirror/longpoll?vsn=2.0.0").await;
    assert_eq!(polling.receive(1).await.len(), 1);
    let waiting = polling.open_poll().await;
    stop.send(()).unwrap();
    assert_eq!(client.closed_with().await, Some(1012));
    assert_eq!(waiting.await.unwrap().status(), 410);
    // Nobody listens any more, sooner or later.
    while TcpStream::connect(at).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_warp_serves_is_gated_as_well() {
    let endpoint = builder().trust_proxies(["127.0.0.1"]).build().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(warp::serve(endpoint.routes()).incoming(listener).run());
    let client = RawClient::connect(at, WEBSOCKET, "X-Forwarded-For: 203.0.113.9\r\n").await;
    let told = heard(client).await;
    // warp tells no addresses of listeners that it is given, so there is nobody to believe.
    assert!(told["peer"] == "203.0.113.9:0" || told["peer"].is_null(), "{told}");
}
