//! Answers that wait, outside of the HTTP library.
//!
//! The library holds a buffer of 8 KiB and the request's head as long as a request is answered, which
//! is all the time for a client that polls. So the connection is taken out of it for as long as there
//! is nothing to say. Then a new one begins on the same stream, and reads a request that stands in for
//! the one which waited.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::future::pending;
use http::{HeaderMap, Request, Response, Version, header};
use hyper::body::Body;
use parking_lot::Mutex;

use crate::transport::{Deadline, longpoll::Awaited};

/// How a request wants to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Terms {
    /// As most do: another may follow.
    KeepAlive,
    /// It is the last one of its connection.
    Close,
    /// In a way that another request cannot stand in for.
    Special,
}

impl Terms {
    pub(super) fn of<B: Body>(request: &Request<B>) -> Self {
        if request.version() != Version::HTTP_11 || !request.body().is_end_stream() {
            return Self::Special;
        }
        let closes = has_option(request.headers(), "close");
        if closes { Self::Close } else { Self::KeepAlive }
    }
}

/// Whether `Connection` has this among its options.
pub(super) fn has_option(headers: &HeaderMap, wanted: &str) -> bool {
    let lists = headers.get_all(header::CONNECTION).iter();
    let mut options = lists.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(','));
    options.any(|option| option.trim().eq_ignore_ascii_case(wanted))
}

/// Where the answer of one connection waits.
pub(super) struct Place<B>(Arc<Mutex<Option<Parked<B>>>>);

struct Parked<B> {
    response: Response<B>,
    /// None if it is only to be written.
    wait: Option<Wait>,
}

struct Wait {
    awaited: Awaited,
    timer: Deadline,
    closes: bool,
}

impl<B> Place<B> {
    /// Gives the answer to the request that is read next, which was decided on before.
    pub(super) fn decide(&self, response: Response<B>) {
        *self.0.lock() = Some(Parked { response, wait: None });
    }

    /// Gives the answer back when it may be sent. If it waits and another request may stand in for its
    /// own, that is never: then the connection is to be taken apart.
    pub(super) async fn wait(&self, mut response: Response<B>, terms: Terms) -> Response<B> {
        let Some(awaited) = response.extensions_mut().remove::<Awaited>() else { return response };
        if terms == Terms::Special {
            awaited.wait().await;
            return response;
        }
        let (closes, timer) = (terms == Terms::Close, Deadline::default());
        *self.0.lock() = Some(Parked { response, wait: Some(Wait { awaited, timer, closes }) });
        pending().await
    }

    /// Whether an answer waits.
    pub(super) fn is_taken(&self) -> bool {
        self.0.lock().as_ref().is_some_and(|parked| parked.wait.is_some())
    }

    /// Waits until the answer may be sent.
    pub(super) fn poll_ready(&self, task: &mut Context<'_>) -> Poll<()> {
        let mut parked = self.0.lock();
        match parked.as_mut().and_then(|parked| parked.wait.as_mut()) {
            Some(Wait { awaited, timer, .. }) => awaited.poll_ready(task, timer),
            None => Poll::Ready(()),
        }
    }

    /// The request in whose place the waiting answer is given.
    pub(super) fn stand_in(&self, is_last: bool) -> &'static [u8] {
        let parked = self.0.lock();
        let wait = parked.as_ref().and_then(|parked| parked.wait.as_ref());
        if is_last || wait.is_some_and(|wait| wait.closes) {
            b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"
        } else {
            b"GET / HTTP/1.1\r\n\r\n"
        }
    }

    /// The answer that waited, if the request stands in for its own, or was decided on before.
    pub(super) fn resume(&self) -> Option<Response<B>> {
        self.0.lock().take().map(|parked| parked.response)
    }
}

impl<B> Clone for Place<B> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<B> Default for Place<B> {
    fn default() -> Self {
        Self(Arc::default())
    }
}
