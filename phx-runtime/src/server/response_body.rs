//! What an answer of the endpoint holds.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{self, Context},
};

use bytes::Bytes;
use futures_util::{FutureExt, stream};
use http::Response;
use hyper::body::{Body, Frame, SizeHint};
use warp::Reply;

use crate::transport::longpoll::Poll;

/// The body of an answer, as [`Endpoint::service`](crate::Endpoint::service) gives it.
#[derive(Default)]
pub struct ResponseBody(Kind);

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Whole(Bytes),
    /// Its messages are taken when the server asks for the body and something waits, so that none are
    /// lost with a client that is gone by then.
    Poll(Poll),
    /// The same for a session of another node.
    Later(Pin<Box<dyn Future<Output = Bytes> + Send + Sync>>),
}

impl ResponseBody {
    pub(super) fn of_poll(poll: Poll) -> Self {
        Self(Kind::Poll(poll))
    }

    /// Of what begins when the server asks for the body.
    pub(super) fn later(bytes: impl Future<Output = Bytes> + Send + Sync + 'static) -> Self {
        Self(Kind::Later(Box::pin(bytes)))
    }
}

impl From<Bytes> for ResponseBody {
    fn from(bytes: Bytes) -> Self {
        Self(if bytes.is_empty() { Kind::Empty } else { Kind::Whole(bytes) })
    }
}

impl From<String> for ResponseBody {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = match std::mem::take(&mut self.0) {
            Kind::Empty => return task::Poll::Ready(None),
            Kind::Whole(bytes) => bytes,
            Kind::Poll(mut poll) => match poll.poll_ready(task) {
                task::Poll::Ready(()) => poll.into_answer(),
                task::Poll::Pending => {
                    self.0 = Kind::Poll(poll);
                    return task::Poll::Pending;
                }
            },
            Kind::Later(mut later) => match later.as_mut().poll(task) {
                task::Poll::Ready(bytes) => bytes,
                task::Poll::Pending => {
                    self.0 = Kind::Later(later);
                    return task::Poll::Pending;
                }
            },
        };
        task::Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Kind::Empty)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Poll(_) | Kind::Later(_) => SizeHint::default(),
        }
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseBody")
    }
}

/// The same answer for warp, which has a body of its own.
pub(super) fn for_warp(response: Response<ResponseBody>) -> warp::reply::Response {
    let (head, body) = response.into_parts();
    let mut response = match body.0 {
        Kind::Empty => warp::reply::Response::default(),
        Kind::Whole(bytes) => warp::reply::Response::new(bytes.into()),
        Kind::Poll(poll) => {
            let answer = async move {
                poll.wait().await;
                Ok::<_, Infallible>(poll.into_answer())
            };
            warp::reply::stream(stream::once(answer)).into_response()
        }
        Kind::Later(later) => {
            warp::reply::stream(stream::once(later.map(Ok::<_, Infallible>))).into_response()
        }
    };
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    *response.extensions_mut() = head.extensions;
    response
}
