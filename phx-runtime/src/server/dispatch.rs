//! The answer to a request for a mount.

use bytes::Buf;
use futures_util::Stream;
use http::{Response, StatusCode};
use hyper::upgrade::OnUpgrade;

use super::{
    gate::{self, Asked},
    longpoll,
    matched::Matched,
    request::Request,
    response_body::ResponseBody,
    upgrade::upgrade,
};
use crate::connect::plain_response;

impl Matched {
    /// Answers a request. From here on it is ours, and it is answered whatever it holds.
    pub(super) async fn answer<S, B, E>(
        self,
        mut request: Request,
        on_upgrade: Option<OnUpgrade>,
        body: S,
    ) -> Response<ResponseBody>
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Buf + Send + 'static,
        E: Send + 'static,
    {
        let endpoint = match &self {
            Self::WebSocket(at) => at.endpoint.clone(),
            Self::LongPoll(at) | Self::Opening(at) => at.endpoint.clone(),
        };
        let passed_before = request.has_passed;
        if !passed_before {
            let asked = Asked {
                method: &request.method,
                path: &request.path,
                query: (!request.query.is_empty()).then_some(&*request.query),
                headers: &request.headers,
            };
            match gate::pass(&endpoint, request.via.clone(), asked) {
                Ok(via) => request.via = via,
                Err(answer) => return *answer,
            }
        }
        let is_secure = request.via.is_secure;
        let mut response = match self {
            Self::LongPoll(at) => longpoll::respond(at, request, body).await,
            Self::Opening(at) => longpoll::open(at, request).await,
            Self::WebSocket(at) => {
                drop(body);
                upgrade(at, request, on_upgrade).await.map(Into::into)
            }
        };
        if !passed_before {
            gate::finish(&endpoint, is_secure, response.headers_mut());
        }
        response
    }
}

/// The answer to a request that no mount is for.
pub(super) fn not_found() -> Response<ResponseBody> {
    plain_response(StatusCode::NOT_FOUND, "").map(Into::into)
}
