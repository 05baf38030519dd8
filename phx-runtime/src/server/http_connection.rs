//! One connection of the endpoint's own server, as long as it speaks HTTP.

use std::{
    convert::Infallible,
    future::poll_fn,
    net::SocketAddr,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use http::Request;
use hyper::{
    body::{Body, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    sync::watch,
    time::{Sleep, sleep},
};

use super::{
    answer::{Answer, Answered, Routes, answer},
    body::WholeBody,
    direct::Handshake,
    listener::Wire,
    parked::{Place, Terms},
    stream::{Clock, HEAD_TIMEOUT, HttpStream, Late, RequestBody, Timeouts},
};
use crate::{connect::Via, endpoint::Endpoint, log};

/// How many bytes the head of a request may have: its path, its query and all of its headers. A
/// larger one is answered with status 431, or with 414 where the path and query alone are too long.
/// It may have 100 headers, the default of the HTTP library.
pub(super) const HEAD_LIMIT: usize = 64 * 1024;

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
    let clock = Clock::start(Timeouts::of(&endpoint.0.server));
    let watch = &mut Watch {
        clock: clock.clone(),
        timer: pin!(sleep(HEAD_TIMEOUT)),
        stopped: pin!(async { drop(stopping.wait_for(|stop| *stop).await) }),
        is_stopping: false,
        peer: via.peer,
    };
    let mut stream = HttpStream::new(wire, clock.clone());
    if !watch.is_asked(&mut stream).await {
        return;
    }
    let place = Place::default();
    if let Some(begun) = Handshake::read(stream.ahead(), &routes) {
        // Boxed: it is over soon, and most connections are something else then.
        let answered = Box::pin(shake_hands(begun, stream, via.clone(), &endpoint, &place, watch));
        let Some(refused) = answered.await else { return };
        stream = refused;
    }
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
    loop {
        // Boxed: it is gone while nothing is answered, which is most of the time.
        let spoken = Box::pin(async {
            let connection = http().serve_connection(TokioIo::new(stream), service);
            let mut connection = connection.with_upgrades();
            let paused = poll_fn(|task| {
                loop {
                    if let Poll::Ready(served) = Pin::new(&mut connection).poll(task) {
                        // A client that breaks off is not worth a line at a higher level.
                        if let Err(error) = served {
                            log::http_connection_broke(watch.peer, error);
                        }
                        return Poll::Ready(None);
                    }
                    if place.is_taken() && clock.has_written_all() {
                        return Poll::Ready(Some(Pause::Unanswered));
                    }
                    if clock.is_idle() {
                        return Poll::Ready(Some(Pause::Unasked));
                    }
                    if watch.is_stopping || !watch.poll_stopping(task) {
                        break;
                    }
                    Pin::new(&mut connection).graceful_shutdown();
                }
                watch.poll_late(task).map(|()| None)
            });
            let paused = paused.await?;
            let parts = connection.into_parts()?;
            let mut stream = parts.io.into_inner();
            stream.put_back(&parts.read_buf);
            Some((paused, stream, parts.service))
        });
        let Some((pause, back, again)) = spoken.await else { return };
        (stream, service) = (back, again);
        let goes_on = match pause {
            Pause::Unasked => watch.is_asked(&mut stream).await,
            Pause::Unanswered => {
                let ready = poll_fn(|task| place.poll_ready(task));
                let is_ready = watch.unless_gone(&mut stream, ready).await.is_some();
                stream.put_back(place.stand_in(watch.is_stopping));
                is_ready
            }
        };
        if !goes_on {
            return;
        }
    }
}

/// Answers a handshake. Gives the stream back where the client is not let in, for the answer to that.
async fn shake_hands<B, S: Future<Output = ()>>(
    (handshake, length): (Handshake, usize),
    mut stream: HttpStream,
    via: Via,
    endpoint: &Endpoint,
    place: &Place<Answered<B>>,
    watch: &mut Watch<'_, S>,
) -> Option<HttpStream> {
    let head = stream.take(length);
    let decided = pin!(handshake.decide(via, endpoint));
    match watch.unless_gone(&mut stream, decided).await? {
        Ok((answer, switched)) => {
            let (wire, early) = stream.into_inner();
            switched.go_on(wire, &answer, &early).await;
            None
        }
        Err(refusal) => {
            stream.put_back(&head);
            place.decide(refusal.map(Answered::Own));
            Some(stream)
        }
    }
}

/// Why the HTTP library, which has buffers of 16 KiB for each connection, has nothing to do for one.
#[derive(Clone, Copy)]
enum Pause {
    /// The next request has not come.
    Unasked,
    /// An answer waits.
    Unanswered,
}

/// What else there is to know of while a client is waited for.
struct Watch<'a, S> {
    clock: Clock,
    timer: Pin<&'a mut Sleep>,
    /// Ready when the server stops.
    stopped: Pin<&'a mut S>,
    is_stopping: bool,
    peer: Option<SocketAddr>,
}

impl<S: Future<Output = ()>> Watch<'_, S> {
    /// Waits for the next request, and tells whether there is any.
    async fn is_asked(&mut self, stream: &mut HttpStream) -> bool {
        poll_fn(|task| {
            if self.is_stopping {
                return Poll::Ready(false);
            }
            if let Poll::Ready(is_there) = stream.poll_next(task) {
                return Poll::Ready(is_there);
            }
            if self.poll_stopping(task) {
                return Poll::Ready(false);
            }
            self.poll_late(task).map(|()| false)
        })
        .await
    }

    /// Waits for something, unless the client goes before.
    async fn unless_gone<F>(&mut self, stream: &mut HttpStream, mut awaited: F) -> Option<F::Output>
    where
        F: Future + Unpin,
    {
        poll_fn(|task| {
            if let Poll::Ready(output) = Pin::new(&mut awaited).poll(task) {
                return Poll::Ready(Some(output));
            }
            self.poll_stopping(task);
            stream.poll_gone(task).map(|()| None)
        })
        .await
    }

    /// Whether the server stops.
    fn poll_stopping(&mut self, task: &mut Context<'_>) -> bool {
        self.is_stopping = self.is_stopping || self.stopped.as_mut().poll(task).is_ready();
        self.is_stopping
    }

    /// Waits until the client takes too long.
    fn poll_late(&mut self, task: &mut Context<'_>) -> Poll<()> {
        ready!(self.clock.poll_late(self.timer.as_mut(), task)).tell(self.peer);
        Poll::Ready(())
    }
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
