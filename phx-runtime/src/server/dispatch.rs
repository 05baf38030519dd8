//! Which mount a request is for, and its answer.

use bytes::Buf;
use futures_util::Stream;
use http::{Response, StatusCode};
use hyper::upgrade::OnUpgrade;

use super::{
    gate::{self, Asked},
    longpoll,
    request::Request,
    response_body::ResponseBody,
    upgrade::upgrade,
};
use crate::{
    connect::{params::Params, plain_response},
    endpoint::{Endpoint, Mounted, RequestPath},
    transport::TransportKind,
};

/// What a request is for.
pub(super) struct Target {
    endpoint: Endpoint,
    /// Which mount.
    index: usize,
    transport: TransportKind,
    /// The variables in its path.
    variables: Params,
}

impl Target {
    pub(super) fn find(endpoint: &Endpoint, path: &str) -> Option<Self> {
        let mounts = &endpoint.0.mounts;
        let path = &RequestPath::new(path, mounts.iter().flat_map(Mounted::paths));
        mounts.iter().enumerate().find_map(|(index, mounted)| {
            let websocket = mounted.websocket.as_ref().map(|transport| &transport.path);
            let longpoll = mounted.longpoll.as_ref().map(|transport| &transport.path);
            let found = |transport, variables| {
                Some(Self { endpoint: endpoint.clone(), index, transport, variables })
            };
            if let Some(variables) = websocket.and_then(|mount| mount.matches(path)) {
                return found(TransportKind::WebSocket, variables);
            }
            found(TransportKind::LongPoll, longpoll?.matches(path)?)
        })
    }

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
        let Self { endpoint, index, transport, variables } = self;
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
        let mut response = if transport == TransportKind::LongPoll {
            longpoll::respond(endpoint.clone(), index, request, variables, body).await
        } else {
            drop(body);
            let response = upgrade(endpoint.clone(), index, request, variables, on_upgrade).await;
            response.map(Into::into)
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
