//! The endpoint as a warp filter.

use std::{convert::Infallible, net::SocketAddr};

use http::{HeaderMap, Method};
use hyper::upgrade::OnUpgrade;
use warp::{Filter, Rejection, Reply, filters::path::FullPath};

use super::{http_connection::Peer, longpoll, request::Request, upgrade::upgrade};
use crate::{
    connect::params::Params,
    endpoint::{Endpoint, Mounted, RequestPath},
    transport::TransportKind,
};

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
        // From here on the request is ours, and it is answered whatever it holds.
        let mine = warp::path::full().and_then(move |path: FullPath| {
            let target = endpoint.target(path.as_str());
            async move { target.ok_or_else(warp::reject::not_found) }
        });
        mine.and(request()).and(warp::ext::optional::<OnUpgrade>()).and(warp::body::stream()).then(
            |target: Target, request: Request, on_upgrade: Option<OnUpgrade>, body| async move {
                let Target { endpoint, index, transport, variables } = target;
                if transport == TransportKind::LongPoll {
                    longpoll::respond(endpoint, index, request, variables, body).await
                } else {
                    drop(body);
                    let response = upgrade(endpoint, index, request, variables, on_upgrade).await;
                    response.map(Into::into)
                }
            },
        )
    }

    fn target(&self, path: &str) -> Option<Target> {
        let path = &RequestPath::new(path, self.0.mounts.iter().flat_map(Mounted::paths));
        self.0.mounts.iter().enumerate().find_map(|(index, mounted)| {
            let websocket = mounted.websocket.as_ref().map(|transport| &transport.path);
            let longpoll = mounted.longpoll.as_ref().map(|transport| &transport.path);
            let found = |kind, variables| {
                Some(Target { endpoint: self.clone(), index, transport: kind, variables })
            };
            if let Some(variables) = websocket.and_then(|mount| mount.matches(path)) {
                return found(TransportKind::WebSocket, variables);
            }
            found(TransportKind::LongPoll, longpoll?.matches(path)?)
        })
    }
}

/// What a request is for.
struct Target {
    endpoint: Endpoint,
    /// Which mount.
    index: usize,
    transport: TransportKind,
    /// The variables in its path.
    variables: Params,
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
