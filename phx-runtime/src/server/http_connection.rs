//! One TCP connection of the endpoint's own server, as long as it speaks HTTP.

use std::{
    convert::Infallible,
    future::poll_fn,
    net::SocketAddr,
    panic::AssertUnwindSafe,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use futures_util::FutureExt;
use http::{Request, StatusCode};
use hyper::{
    body::{Body, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{net::TcpStream, sync::watch, time::sleep};
use warp::{Filter, Rejection, Reply};

use super::{
    head,
    stream::{Clock, HEAD_TIMEOUT, HttpStream, Late, Timeouts},
    upgrade,
};
use crate::{connect::plain_response, log, message::Fault};

/// How many bytes the head of a request may have: its path, its query and all of its headers. A
/// larger one is answered with status 431, or with 414 where the path and query alone are too long.
/// It may have 100 headers, the default of the HTTP library.
const HEAD_LIMIT: usize = 64 * 1024;

/// The client's address, for requests that our own server accepted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Serves the requests of one TCP connection, up to its upgrade.
///
/// Not by hyper-util's `auto` builder: that waits without any timeout for the first bytes, to tell
/// HTTP/2 apart.
pub(crate) async fn serve<F>(
    stream: TcpStream,
    peer: SocketAddr,
    timeouts: Timeouts,
    routes: F,
    mut stopping: watch::Receiver<bool>,
) where
    F: Filter<Error = Rejection> + Clone + Send + Sync + 'static,
    F::Extract: Reply,
{
    // A client that does not read shall not fill the kernel's memory with answers either, and the
    // smaller the kernel's share is, the sooner it is seen that bytes are taken.
    upgrade::prepare(&stream);
    let clock = Clock::start(timeouts);
    let routes = TowerToHyperService::new(warp::service(routes));
    let service = service_fn({
        let clock = clock.clone();
        move |request: Request<Incoming>| {
            clock.answering(!request.body().is_end_stream());
            let (clock, routes) = (clock.clone(), routes.clone());
            async move {
                let response = answer(request, peer, routes).await;
                Ok::<_, Infallible>(response.map(|body| Answer { body, clock }))
            }
        }
    });
    let mut http = http1::Builder::new();
    // Its own deadline for heads is that of idle connections as well; the clock tells them apart.
    http.header_read_timeout(None);
    // The one limits what is buffered before the head is whole, in steps; the other is exact.
    http.max_buf_size(HEAD_LIMIT).max_header_size(HEAD_LIMIT);
    let stream = TokioIo::new(HttpStream::new(stream, clock.clone()));
    let mut connection = pin!(http.serve_connection(stream, service).with_upgrades());
    let mut stopped = pin!(stopping.wait_for(|stop| *stop).map(drop).fuse());
    let mut timer = pin!(sleep(HEAD_TIMEOUT));
    poll_fn(|task| {
        if stopped.as_mut().poll(task).is_ready() {
            connection.as_mut().graceful_shutdown();
        }
        if let Poll::Ready(served) = connection.as_mut().poll(task) {
            // A client that breaks off is not worth a line at a higher level.
            if let Err(error) = served {
                log::http_connection_broke(peer, error);
            }
            return Poll::Ready(());
        }
        match ready!(clock.poll_late(timer.as_mut(), task)) {
            Late::Idle => {}
            Late::Head => {
                log::slow_request(peer);
            }
            Late::Write => {
                log::unread_answer(peer);
            }
        }
        Poll::Ready(())
    })
    .await;
}

/// Answers a request, whatever it is and whatever becomes of the route: a panic costs this request
/// alone.
async fn answer<R>(request: Request<Incoming>, peer: SocketAddr, routes: R) -> warp::reply::Response
where
    R: Service<Request<Incoming>, Response = warp::reply::Response, Error = Infallible>,
{
    let (mut head, body) = request.into_parts();
    if let Err(unrouted) = head::check(&mut head) {
        return plain_response(unrouted.status(), unrouted.explanation()).map(Into::into);
    }
    head.extensions.insert(Peer(peer));
    let (method, path) = (head.method.clone(), head.uri.clone());
    let request = Request::from_parts(head, body);
    let answered = AssertUnwindSafe(async { routes.call(request).await }).catch_unwind().await;
    match answered {
        Ok(Ok(response)) => response,
        Err(panic) => {
            let fault = Fault::from_panic(&*panic);
            log::route_panicked(method.as_str(), path.path(), peer, &fault);
            let mut response = warp::reply::Response::default();
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    }
}

/// The body of an answer, which tells the clock when it has been handed over.
struct Answer<B> {
    body: B,
    clock: Clock,
}

impl<B: Body + Unpin> Body for Answer<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(task)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Answer<B> {
    fn drop(&mut self) {
        self.clock.answered();
    }
}
