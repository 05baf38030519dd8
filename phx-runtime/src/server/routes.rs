//! The endpoint as a warp filter.

use std::{convert::Infallible, net::SocketAddr};

use http::{HeaderMap, Method};
use hyper::upgrade::OnUpgrade;
use warp::{Filter, Rejection, Reply, filters::path::FullPath};

use super::{
    matched::Matched,
    request::{ExtendedConnect, Request},
    response_body::for_warp,
};
use crate::{connect::Via, endpoint::Endpoint};

impl Endpoint {
    /// All mounts as one warp filter, to be combined with an application's own routes.
    ///
    /// Requests to other paths are rejected as not found, with their body untouched, so that the
    /// next filter gets them. The limits of a request's head are those of the server around the
    /// filter; [`Server::run`] has its own.
    ///
    /// [`Server::run`]: crate::server::Server::run
    ///
    /// ```no_run
    /// # async fn run(endpoint: phx_runtime::Endpoint) {
    /// use warp::Filter;
    ///
    /// let routes = endpoint.routes().or(warp::path("health").map(|| "ok"));
    /// warp::serve(routes).run(([127, 0, 0, 1], 4000)).await;
    /// # }
    /// ```
    pub fn routes(
        &self,
    ) -> impl Filter<Extract = (impl Reply + use<>,), Error = Rejection>
    + Clone
    + Send
    + Sync
    + 'static
    + use<> {
        let endpoint = self.clone();
        let asked = warp::method().and(warp::path::full());
        let mine = asked.and_then(move |method: Method, path: FullPath| {
            let target = Matched::find(&endpoint, &method, path.as_str());
            async move { target.ok_or_else(warp::reject::not_found) }
        });
        mine.and(request()).and(warp::ext::optional::<OnUpgrade>()).and(warp::body::stream()).then(
            |target: Matched, request: Request, on_upgrade: Option<OnUpgrade>, body| async move {
                for_warp(target.answer(request, on_upgrade, body).await)
            },
        )
    }
}

/// What transports look at, whatever the request is.
fn request() -> impl Filter<Extract = (Request,), Error = Infallible> + Clone {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::addr::remote())
        .and(warp::ext::optional::<Via>())
        .and(warp::ext::optional::<ExtendedConnect>())
        .map(
            |method: Method,
             path: FullPath,
             query: String,
             headers: HeaderMap,
             remote: Option<SocketAddr>,
             passed: Option<Via>,
             extended: Option<ExtendedConnect>| Request {
                method,
                path: path.as_str().to_owned(),
                query,
                headers,
                has_passed: passed.is_some(),
                via: passed.unwrap_or_else(|| Via::from_peer(remote)),
                is_extended_connect: extended.is_some(),
            },
        )
}
