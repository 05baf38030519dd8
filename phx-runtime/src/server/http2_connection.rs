//! One connection of the endpoint's own server that speaks HTTP/2, with `WebSocket`s over it
//! (RFC 8441).

use std::{
    convert::Infallible,
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Poll, ready},
    time::Duration,
};

use futures_util::FutureExt;
use http::Request;
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{
    answer::{Answer, End, Routes, answer},
    http_connection::HEAD_LIMIT,
    listener::Wire,
    stream::Timeouts,
};
use crate::{connect::Via, endpoint::Endpoint, log, transport::longpoll::Awaited};

/// Requests that one connection may have under way; the number that RFC 9113 advises at least.
const STREAMS: u32 = 128;

/// How much of a body is on its way before it is asked for, of one request and of all.
const WINDOWS: (u32, u32) = (64 * 1024, 1024 * 1024);

/// How much of an answer waits for a client that does not read.
const SEND_BUFFER: usize = 64 * 1024;

/// A client that has not said anything for so long is asked whether it is there.
const PING: Duration = Duration::from_secs(30);

/// Serves the requests of one connection.
pub(super) async fn serve<R: Routes>(
    wire: Wire,
    via: Via,
    endpoint: Endpoint,
    routes: R,
    mut stopping: watch::Receiver<bool>,
) where
    <R::Body as hyper::body::Body>::Data: 'static,
{
    let peer = via.peer;
    let timeouts = Timeouts::of(&endpoint.0.server);
    let streams = Streams::default();
    let service = service_fn({
        let streams = streams.clone();
        move |request: Request<Incoming>| {
            let (end, routes) = (streams.begin(), routes.clone());
            let (via, endpoint) = (via.clone(), endpoint.clone());
            async move {
                let mut response = answer(request, via, &endpoint, routes).await;
                if let Some(awaited) = response.extensions_mut().remove::<Awaited>() {
                    awaited.wait().await;
                }
                Ok::<_, Infallible>(response.map(|body| Answer { body, end }))
            }
        }
    });
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new())
        .enable_connect_protocol()
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(HEAD_LIMIT).unwrap_or(u32::MAX))
        .initial_stream_window_size(WINDOWS.0)
        .initial_connection_window_size(WINDOWS.1)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(PING)
        .keep_alive_timeout(timeouts.write);
    let mut connection = pin!(http.serve_connection(TokioIo::new(wire), service));
    let mut stopped = pin!(stopping.wait_for(|stop| *stop).map(drop).fuse());
    let mut timer = pin!(sleep(timeouts.idle));
    let mut seen = 0;
    poll_fn(|task| {
        loop {
            if stopped.as_mut().poll(task).is_ready() {
                connection.as_mut().graceful_shutdown();
            }
            if let Poll::Ready(served) = connection.as_mut().poll(task) {
                if let Err(error) = served {
                    log::http_connection_broke(peer, error);
                }
                return Poll::Ready(());
            }
            ready!(timer.as_mut().poll(task));
            let (open, begun) = streams.count();
            if open == 0 && begun == seen {
                connection.as_mut().graceful_shutdown();
            }
            seen = begun;
            timer.as_mut().reset(Instant::now() + timeouts.idle);
        }
    })
    .await;
}

/// The requests of a connection: how many are under way, and how many there were.
#[derive(Clone, Default)]
struct Streams(Arc<(AtomicUsize, AtomicUsize)>);

impl Streams {
    fn begin(&self) -> Stream {
        self.0.0.fetch_add(1, Ordering::Relaxed);
        self.0.1.fetch_add(1, Ordering::Relaxed);
        Stream(self.clone())
    }

    fn count(&self) -> (usize, usize) {
        (self.0.0.load(Ordering::Relaxed), self.0.1.load(Ordering::Relaxed))
    }
}

/// A request under way.
struct Stream(Streams);

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl End for Stream {
    /// It counts until it is dropped, also where it never got an answer.
    fn answered(&self) {}
}
