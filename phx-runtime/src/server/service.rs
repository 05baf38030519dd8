//! The endpoint as a service, for whatever server or router takes one.

use std::{
    convert::Infallible,
    fmt,
    net::SocketAddr,
    task::{Context, Poll},
};

use futures_util::future::BoxFuture;
use http::{Request as HttpRequest, Response};
use http_body_util::BodyDataStream;
use hyper::{body::Body, upgrade::OnUpgrade};
use tower_service::Service;

use super::{
    dispatch::not_found,
    gate::{self, Asked},
    head,
    matched::Matched,
    request::Request,
    response_body::ResponseBody,
};
use crate::{connect::Via, endpoint::Endpoint};

/// The address of a client, for the endpoint's [service](Endpoint::service): whoever accepted the
/// connection puts it into the request's extensions.
///
/// ```
/// use phx_runtime::server::PeerAddress;
///
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(PeerAddress(([203, 0, 113, 9], 4711).into()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

/// An endpoint as a [`tower_service::Service`]: a fallback of an axum router, or all of a hyper
/// server. Made by [`Endpoint::service`].
#[derive(Clone)]
pub struct EndpointService(Endpoint);

impl Endpoint {
    /// All mounts as one service, for servers and routers other than warp's. Requests to other paths
    /// are answered with status 404.
    ///
    /// The server around it has to allow upgrades (`axum::serve` does; in plain hyper,
    /// `with_upgrades`), and to put a [`PeerAddress`] into each request's extensions where the
    /// client's address is wanted. Draining is up to it as well: [`Endpoint::drain`] before it ends.
    ///
    /// ```
    /// # fn with(endpoint: phx_runtime::Endpoint) {
    /// use hyper_util::service::TowerToHyperService;
    ///
    /// let service = TowerToHyperService::new(endpoint.service());
    /// # let _ = service;
    /// # }
    /// ```
    pub fn service(&self) -> EndpointService {
        EndpointService(self.clone())
    }
}

impl EndpointService {
    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.0
    }
}

impl<B> Service<HttpRequest<B>> for EndpointService
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Send,
{
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest<B>) -> Self::Future {
        let endpoint = self.0.clone();
        let (mut head, body) = request.into_parts();
        let passed = head.extensions.remove::<Via>();
        let peer = head.extensions.get().map(|PeerAddress(address)| *address);
        let target = Matched::find(&endpoint, &head.method, head.uri.path());
        let Some(target) = target else {
            let via = passed.clone().unwrap_or_else(|| Via::from_peer(peer));
            let asked = Asked {
                method: &head.method,
                path: head.uri.path(),
                query: head.uri.query(),
                headers: &head.headers,
            };
            // Health and the like have no mount.
            let answer = match passed {
                Some(_) => not_found(),
                None => {
                    gate::pass(&endpoint, via, asked).map_or_else(|answer| *answer, |_| not_found())
                }
            };
            return Box::pin(async { Ok(answer) });
        };
        // A host that is none is left as it is, and is nobody's.
        let _ = head::name_host(&mut head);
        let on_upgrade = head.extensions.remove::<OnUpgrade>();
        let request = Request::new(head, passed, peer);
        Box::pin(
            async move { Ok(target.answer(request, on_upgrade, BodyDataStream::new(body)).await) },
        )
    }
}

impl fmt::Debug for EndpointService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EndpointService").field(&self.0).finish()
    }
}
