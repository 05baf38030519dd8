//! One connection of the endpoint's own server, as long as it speaks HTTP.

use std::{
    convert::Infallible,
    future::poll_fn,
    net::SocketAddr,
    panic::AssertUnwindSafe,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use hyper::{
    body::{Body, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{sync::watch, time::sleep};
use tower_service::Service;

use super::{
    body::WholeBody,
    gate::{self, Asked},
    head,
    listener::Wire,
    parked::{Place, Terms},
    request::ExtendedConnect,
    response_body::ResponseBody,
    stream::{Clock, HEAD_TIMEOUT, HttpStream, Late, RequestBody, Timeouts},
};
use crate::{
    connect::{Via, plain_response},
    endpoint::Endpoint,
    log,
    message::Fault,
};

/// How many bytes the head of a request may have: its path, its query and all of its headers. A
/// larger one is answered with status 431, or with 414 where the path and query alone are too long.
/// It may have 100 headers, the default of the HTTP library.
pub(super) const HEAD_LIMIT: usize = 64 * 1024;

/// What answers requests: the endpoint's routes, or a router of the application.
pub(super) trait Routes:
    Service<Request<Incoming>, Response = Response<Self::Body>, Error = Infallible, Future: Send>
    + Clone
    + Send
    + 'static
{
    type Body: Body<Data: Buf + Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + Send
        + Unpin
        + 'static;
}

impl<S, B> Routes for S
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static,
    B: Body<Data: Buf + Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + Send
        + Unpin
        + 'static,
{
    type Body = B;
}

/// Serves the requests of one connection, up to its upgrade.
///
/// Not by hyper-util's `auto` builder: that waits without any timeout for the first bytes, to tell
/// HTTP/2 apart.
pub(super) async fn serve<R: Routes>(
    wire: Wire,
    via: Via,
    endpoint: Endpoint,
    routes: R,
    mut stopping: watch::Receiver<bool>,
) {
    let peer = via.peer;
    let clock = Clock::start(Timeouts::of(&endpoint.0.server));
    let place = Place::default();
    let mut service = service_fn({
        let (clock, place) = (clock.clone(), place.clone());
        move |request: Request<Incoming>| {
            let terms = Terms::of(&request);
            clock.answering(if request.body().is_end_stream() {
                RequestBody::None
            } else {
                RequestBody::Unread
            });
            let resumed = place.resume();
            let (clock, place, routes) = (clock.clone(), place.clone(), routes.clone());
            let (via, endpoint) = (via.clone(), endpoint.clone());
            async move {
                let mut response = if let Some(response) = resumed {
                    response
                } else {
                    place.wait(answer(request, via, &endpoint, routes).await, terms).await
                };
                if response.extensions_mut().remove::<WholeBody>().is_some() {
                    clock.answering(RequestBody::Read);
                }
                Ok::<_, Infallible>(response.map(|body| Answer { body, end: clock }))
            }
        }
    });
    let mut stream = HttpStream::new(wire, clock.clone());
    let mut is_stopping = false;
    let mut stopped = pin!(stopping.wait_for(|stop| *stop).map(drop).fuse());
    let mut timer = pin!(sleep(HEAD_TIMEOUT));
    let mut pause = Pause::Unasked;
    loop {
        let goes_on = poll_fn(|task| {
            is_stopping |= stopped.as_mut().poll(task).is_ready();
            match pause {
                Pause::Unanswered if place.poll_ready(task).is_ready() => Poll::Ready(true),
                Pause::Unanswered => stream.poll_gone(task).map(|()| false),
                Pause::Unasked if is_stopping => Poll::Ready(false),
                Pause::Unasked => {
                    if let Poll::Ready(is_there) = stream.poll_next(task) {
                        return Poll::Ready(is_there);
                    }
                    ready!(clock.poll_late(timer.as_mut(), task)).tell(peer);
                    Poll::Ready(false)
                }
            }
        })
        .await;
        if !goes_on {
            return;
        }
        if let Pause::Unanswered = pause {
            stream.put_back(place.stand_in(is_stopping));
        }
        let (paused, parts) = {
            // Boxed: it is gone while nothing is answered, which is most of the time.
            let connection = http().serve_connection(TokioIo::new(stream), service);
            let mut connection = Box::new(connection.with_upgrades());
            let paused = poll_fn(|task| {
                loop {
                    if let Poll::Ready(served) = Pin::new(&mut *connection).poll(task) {
                        // A client that breaks off is not worth a line at a higher level.
                        if let Err(error) = served {
                            log::http_connection_broke(peer, error);
                        }
                        return Poll::Ready(None);
                    }
                    if place.is_taken() && clock.has_written_all() {
                        return Poll::Ready(Some(Pause::Unanswered));
                    }
                    if clock.is_idle() {
                        return Poll::Ready(Some(Pause::Unasked));
                    }
                    if stopped.as_mut().poll(task).is_pending() {
                        break;
                    }
                    is_stopping = true;
                    Pin::new(&mut *connection).graceful_shutdown();
                }
                ready!(clock.poll_late(timer.as_mut(), task)).tell(peer);
                Poll::Ready(None)
            })
            .await;
            (paused, connection.into_parts())
        };
        let (Some(paused), Some(parts)) = (paused, parts) else { return };
        pause = paused;
        stream = parts.io.into_inner();
        service = parts.service;
        stream.put_back(&parts.read_buf);
    }
}

/// Why the HTTP library, which has buffers of 16 KiB for each connection, has nothing to do for one.
#[derive(Clone, Copy)]
enum Pause {
    /// The first or the next request has not come.
    Unasked,
    /// An answer waits.
    Unanswered,
}

impl Late {
    fn tell(self, peer: Option<SocketAddr>) {
        match self {
            Self::Idle => {}
            Self::Head => log::slow_request(peer),
            Self::Write => log::unread_answer(peer),
        }
    }
}

fn http() -> http1::Builder {
    let mut http = http1::Builder::new();
    // Its own deadline for heads is that of idle connections as well; the clock tells them apart.
    http.header_read_timeout(None);
    // The one limits what is buffered before the head is whole, in steps; the other is exact.
    http.max_buf_size(HEAD_LIMIT).max_header_size(HEAD_LIMIT);
    http
}

/// Answers a request, whatever it is and whatever becomes of the route: a panic costs this request
/// alone.
pub(super) async fn answer<R: Routes>(
    request: Request<Incoming>,
    via: Via,
    endpoint: &Endpoint,
    mut routes: R,
) -> Response<Answered<R::Body>> {
    let (mut head, body) = request.into_parts();
    let own = |response: Response<ResponseBody>| response.map(Answered::Own);
    if let Err(unrouted) = head::check(&mut head) {
        let response = plain_response(unrouted.status(), unrouted.explanation());
        return own(response.map(Into::into));
    }
    let asked = Asked {
        method: &head.method,
        path: head.uri.path(),
        query: head.uri.query(),
        headers: &head.headers,
    };
    let via = match gate::pass(endpoint, via, asked) {
        Ok(via) => via,
        Err(answer) => return own(*answer),
    };
    let (peer, is_secure) = (via.peer, via.is_secure);
    ExtendedConnect::mark(&mut head);
    head.extensions.insert(via);
    let (method, path) = (head.method.clone(), head.uri.clone());
    let request = Request::from_parts(head, body);
    let answered = AssertUnwindSafe(async { routes.call(request).await }).catch_unwind().await;
    let mut response = match answered {
        Ok(Ok(response)) => response.map(Answered::Route),
        Err(panic) => {
            let fault = Fault::from_panic(&*panic);
            log::route_panicked(method.as_str(), path.path(), peer, &fault);
            let mut response = own(Response::default());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    };
    gate::finish(endpoint, is_secure, response.headers_mut());
    response
}

/// A body of the server's own, or one of the routes.
pub(super) enum Answered<B> {
    Own(ResponseBody),
    Route(B),
}

/// The body of an answer, at whose end somebody is told: when it has been handed over.
pub(super) struct Answer<B, E: End> {
    pub(super) body: Answered<B>,
    pub(super) end: E,
}

/// Who is told of the end of an answer.
pub(super) trait End: Unpin {
    fn answered(&self);
}

impl End for Clock {
    fn answered(&self) {
        Self::answered(self);
    }
}

impl<B: Body + Unpin, E: End> Body for Answer<B, E> {
    type Data = Piece<B::Data>;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, B::Error>>> {
        Poll::Ready(match &mut self.body {
            Answered::Own(body) => {
                let frame = ready!(Pin::new(body).poll_frame(task));
                frame.map(|frame| match frame {
                    Ok(frame) => Ok(frame.map_data(Piece::Own)),
                    Err(never) => match never {},
                })
            }
            Answered::Route(body) => {
                let frame = ready!(Pin::new(body).poll_frame(task));
                frame.map(|frame| frame.map(|frame| frame.map_data(Piece::Route)))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        match &self.body {
            Answered::Own(body) => body.is_end_stream(),
            Answered::Route(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            Answered::Own(body) => body.size_hint(),
            Answered::Route(body) => body.size_hint(),
        }
    }
}

impl<B, E: End> Drop for Answer<B, E> {
    fn drop(&mut self) {
        self.end.answered();
    }
}

/// Bytes of either body.
pub(super) enum Piece<D> {
    Own(Bytes),
    Route(D),
}

impl<D: Buf> Buf for Piece<D> {
    fn remaining(&self) -> usize {
        match self {
            Self::Own(bytes) => bytes.remaining(),
            Self::Route(bytes) => bytes.remaining(),
        }
    }

    fn chunk(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes.chunk(),
            Self::Route(bytes) => bytes.chunk(),
        }
    }

    fn advance(&mut self, count: usize) {
        match self {
            Self::Own(bytes) => bytes.advance(count),
            Self::Route(bytes) => bytes.advance(count),
        }
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [std::io::IoSlice<'a>]) -> usize {
        match self {
            Self::Own(bytes) => bytes.chunks_vectored(slices),
            Self::Route(bytes) => bytes.chunks_vectored(slices),
        }
    }
}
