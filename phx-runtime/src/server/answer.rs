//! The answer to a request: the server's own, or that of the routes.

use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use futures_util::FutureExt;
use http::{Request, Response, StatusCode, request::Parts};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tower_service::Service;

use super::{
    gate::{self, Asked},
    head,
    request::ExtendedConnect,
    response_body::ResponseBody,
    stream::Clock,
};
use crate::{
    connect::{Via, plain_response},
    endpoint::Endpoint,
    log,
    message::Fault,
};

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

/// Answers a request, whatever it is and whatever becomes of the routes.
pub(super) async fn answer<R: Routes>(
    request: Request<Incoming>,
    via: Via,
    endpoint: &Endpoint,
    mut routes: R,
) -> Response<Answered<R::Body>> {
    let (head, body) = request.into_parts();
    let route = async |mut head: Parts, via: Via| {
        ExtendedConnect::mark(&mut head);
        head.extensions.insert(via);
        let Ok(response) = routes.call(Request::from_parts(head, body)).await;
        response
    };
    answer_by(head, via, endpoint, route).await
}

/// Lets `route` answer a request, if that may be routed. A panic costs this request alone.
pub(super) async fn answer_by<B>(
    mut head: Parts,
    via: Via,
    endpoint: &Endpoint,
    route: impl AsyncFnOnce(Parts, Via) -> Response<B>,
) -> Response<Answered<B>> {
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
    let (method, target) = (head.method.clone(), head.uri.clone());
    let mut response = match AssertUnwindSafe(route(head, via)).catch_unwind().await {
        Ok(response) => response.map(Answered::Route),
        Err(panic) => {
            let fault = Fault::from_panic(&*panic);
            log::route_panicked(method.as_str(), target.path(), peer, &fault);
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
