//! The page, tokens for bidders, and the route that opens lots.

use std::{env, fmt};

use phx_runtime::prelude::{Endpoint, State, json};
use serde::Deserialize;
use warp::{
    Filter, Rejection,
    http::StatusCode,
    path,
    reply::{Reply, Response, json as json_reply, with_header, with_status},
};

use crate::{auctions::Auctions, bidder};

/// Bytes of a request's body.
const LARGEST: u64 = 4096;

/// The page runs only its own scripts, and talks only to the server that it came from.
const POLICY: &str = "default-src 'self'; connect-src 'self' ws: wss:";

/// The password of whoever opens lots.
#[derive(Clone)]
pub struct Admin(pub String);

impl Admin {
    /// `ADMIN` of the environment, else one for demonstrations.
    pub fn from_environment() -> Self {
        Self(env::var("ADMIN").unwrap_or_else(|_| "auctioneer".to_owned()))
    }

    fn is(&self, authorization: &str) -> bool {
        authorization.strip_prefix("Bearer ").is_some_and(|password| password == self.0)
    }
}

impl fmt::Display for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
struct NewLot {
    title: String,
    price: u64,
    seconds: u64,
}

/// All routes beside the endpoint's.
pub fn all(endpoint: Endpoint) -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone {
    let with_endpoint = warp::any().map(move || endpoint.clone());
    let lots = warp::get().and(path!("lots")).and(with_endpoint.clone()).map(list);
    let open = warp::post()
        .and(path!("lots"))
        .and(with_endpoint.clone())
        .and(warp::header::optional("authorization"))
        .and(warp::body::content_length_limit(LARGEST))
        .and(warp::body::json())
        .map(open);
    let token = warp::post()
        .and(path!("token"))
        .and(with_endpoint)
        .and(warp::body::content_length_limit(LARGEST))
        .and(warp::body::json())
        .map(token);
    lots.or(open).unify().or(token).unify().or(page())
}

fn list(endpoint: Endpoint) -> Response {
    match endpoint.state::<Auctions>() {
        Ok(auctions) => json_reply(&auctions.all()).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn open(endpoint: Endpoint, authorization: Option<String>, new: NewLot) -> Response {
    let (Ok(auctions), Ok(State(admin))) =
        (endpoint.state::<Auctions>(), endpoint.state::<Admin>())
    else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if !authorization.is_some_and(|authorization| admin.is(&authorization)) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let lot = auctions.open(&new.title, new.price, new.seconds);
    with_status(json_reply(&json!({ "lot": lot })), StatusCode::CREATED).into_response()
}

fn token(endpoint: Endpoint, Name { name }: Name) -> Response {
    match bidder::token(&endpoint, name.trim()) {
        Ok(token) => json_reply(&json!({ "token": token })).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn page() -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone {
    let html = path::end().map(|| {
        file("text/html; charset=utf-8", include_str!("../../../assets/auction/index.html"))
    });
    let app = path!("app.js").map(|| {
        file("text/javascript; charset=utf-8", include_str!("../../../assets/auction/app.js"))
    });
    let client = path!("phoenix.mjs").map(|| {
        file("text/javascript; charset=utf-8", include_str!("../../../assets/auction/phoenix.mjs"))
    });
    warp::get().and(html.or(app).or(client))
}

fn file(kind: &'static str, text: &'static str) -> impl Reply {
    with_header(with_header(text, "content-type", kind), "content-security-policy", POLICY)
}
