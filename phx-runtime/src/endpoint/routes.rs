//! The endpoint as a warp filter.

use std::{convert::Infallible, net::SocketAddr};

use http::{HeaderMap, Method};
use hyper::upgrade::OnUpgrade;
use warp::{Filter, Rejection, Reply, filters::path::FullPath, reply::Response};

use super::{
    Endpoint,
    serve::Peer,
    upgrade::{Request, upgrade},
};
use crate::transport::Params;

impl Endpoint {
    /// All mounts as one warp filter, to be combined with an application's own routes.
    ///
    /// Requests to other paths are rejected as not found, so that the next filter gets them.
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
        request().and(warp::ext::optional::<OnUpgrade>()).and_then(
            move |request: Request, on_upgrade: Option<OnUpgrade>| {
                let endpoint = endpoint.clone();
                async move {
                    let Some((index, variables)) = endpoint.websocket_mount(&request.path) else {
                        return Err(warp::reject::not_found());
                    };
                    let response = upgrade(endpoint, index, request, variables, on_upgrade).await;
                    Ok::<Response, Rejection>(response.into_response())
                }
            },
        )
    }

    fn websocket_mount(&self, path: &str) -> Option<(usize, Params)> {
        self.0.mounts.iter().enumerate().find_map(|(index, mounted)| {
            Some((index, mounted.websocket.as_ref()?.path.matches(path)?))
        })
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
        .and(warp::ext::optional::<Peer>())
        .map(
            |method: Method,
             path: FullPath,
             query: String,
             headers: HeaderMap,
             remote: Option<SocketAddr>,
             peer: Option<Peer>| Request {
                method,
                path: path.as_str().to_owned(),
                query,
                headers,
                peer: peer.map(|Peer(address)| address).or(remote),
            },
        )
}
