//! The page of the old client, and the modules of both.

use warp::{Filter, Rejection, Reply, reply::with_header};

const PAGE: &str = include_str!("../../../assets/reunion/index.html");
const V0_7: &str = include_str!("../../../assets/reunion/phx-0.7.js");
const MSGPACK: &str = include_str!("../../../assets/reunion/msgpack.js");

/// The page and its scripts.
pub fn routes() -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone {
    let page = warp::path::end().map(|| warp::reply::html(PAGE));
    let script = |name: &'static str, text: &'static str| {
        let route = warp::path(name).and(warp::path::end());
        route.map(move || with_header(text, "content-type", "text/javascript"))
    };
    page.or(script("phx-0.7.js", V0_7)).or(script("msgpack.js", MSGPACK))
}
