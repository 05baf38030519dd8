//! Handshakes that are answered without the HTTP library.
//!
//! It reads and writes through buffers of its own, and hands requests with their bodies and streams
//! from one part to another. Where an endpoint is served alone and the first that a client sends is the
//! whole head of a usual handshake, none of that is needed. Whatever is unusual is the library's, and so
//! is writing the answer to a client that is not let in: it reads the same request once more.

use std::{any::Any, mem::MaybeUninit};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Response, Uri,
    header::{CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING, UPGRADE},
    request::Parts,
};

use super::{
    answer::{Answered, answer_by},
    matched::{At, Matched},
    parked::has_option,
    request::Request,
    response_body::ResponseBody,
    service::EndpointService,
    upgrade::{Switched, decide},
};
use crate::{
    connect::{Via, WebSocketSettings},
    endpoint::Endpoint,
};

/// As many as the HTTP library takes.
const MOST_HEADERS: usize = 100;

/// A request for a WebSocket, as nearly all of them are.
pub(super) struct Handshake {
    head: Parts,
    at: At<WebSocketSettings>,
}

impl Handshake {
    /// The one that begins what a client sent, and its length, if the routes are an endpoint's alone.
    pub(super) fn read<R: 'static>(sent: &Bytes, routes: &R) -> Option<(Self, usize)> {
        let routes: &dyn Any = routes;
        let endpoint = routes.downcast_ref::<EndpointService>()?.endpoint();
        let (head, length) = read_head(sent)?;
        match Matched::find(endpoint, &head.method, head.uri.path())? {
            Matched::WebSocket(at) => Some((Self { head, at }, length)),
            Matched::LongPoll(_) | Matched::Opening(_) => None,
        }
    }

    /// Decides on it as the routes would: gives the answer as it is written, and what follows it; or the
    /// answer to a client that is not let in.
    pub(super) async fn decide(
        self,
        via: Via,
        endpoint: &Endpoint,
    ) -> Result<(Vec<u8>, Switched), Response<ResponseBody>> {
        let Self { head, at } = self;
        let mut switched = None;
        let route = async |head: Parts, via: Via| match decide(
            at,
            Request::new(head, Some(via), None),
            true,
        )
        .await
        {
            Ok((answer, follows)) => {
                switched = Some(follows);
                answer.map(|()| ResponseBody::default())
            }
            Err(refusal) => refusal.map(Into::into),
        };
        let answer = answer_by(head, via, endpoint, route).await;
        match switched {
            Some(switched) => Ok((written(&answer), switched)),
            None => Err(answer.map(|body| match body {
                Answered::Own(body) | Answered::Route(body) => body,
            })),
        }
    }
}

/// The head of a request without a body that asks for another protocol, and its length. None while it is
/// not whole, and for everything that is to be looked at more closely.
fn read_head(sent: &Bytes) -> Option<(Parts, usize)> {
    let mut headers = [const { MaybeUninit::uninit() }; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut []);
    let length = match request.parse_with_uninit_headers(sent, &mut headers) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) | Err(_) => return None,
    };
    let (Some("GET"), Some(target), Some(1)) = (request.method, request.path, request.version)
    else {
        return None;
    };
    let asks = |header: &httparse::Header<'_>| header.name.eq_ignore_ascii_case(UPGRADE.as_str());
    if !request.headers.iter().any(asks) {
        return None;
    }
    let (mut head, ()) = http::Request::new(()).into_parts();
    head.uri = Uri::from_maybe_shared(sent.slice_ref(target.as_bytes())).ok()?;
    head.headers.reserve(request.headers.len());
    for header in request.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
        if matches!(name, CONTENT_LENGTH | TRANSFER_ENCODING | EXPECT) {
            return None;
        }
        let value = HeaderValue::from_maybe_shared(sent.slice_ref(header.value)).ok()?;
        head.headers.append(name, value);
    }
    // The library says in its answer that it closes.
    (!has_option(&head.headers, "close")).then_some((head, length))
}

/// The head of an answer, as it is sent.
fn written<B>(answer: &Response<B>) -> Vec<u8> {
    let status = answer.status();
    let mut written = Vec::with_capacity(256);
    written.extend_from_slice(b"HTTP/1.1 ");
    written.extend_from_slice(status.as_str().as_bytes());
    written.extend_from_slice(b" ");
    written.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    written.extend_from_slice(b"\r\n");
    for (name, value) in answer.headers() {
        written.extend_from_slice(name.as_str().as_bytes());
        written.extend_from_slice(b": ");
        written.extend_from_slice(value.as_bytes());
        written.extend_from_slice(b"\r\n");
    }
    written.extend_from_slice(b"\r\n");
    written
}
