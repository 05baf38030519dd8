//! The page, compiled into the program.

use warp::{Filter, Rejection, Reply, path};

/// The page runs only its own scripts, and talks only to the server that it came from.
const POLICY: &str = "default-src 'self'; connect-src 'self' ws: wss:";

const HTML: &str = "text/html; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

pub fn routes() -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone {
    let html = path::end().map(|| file(HTML, include_str!("../../../assets/chat/index.html")));
    let style = path!("style.css")
        .map(|| file("text/css; charset=utf-8", include_str!("../../../assets/chat/style.css")));
    let icon = path!("icon.svg")
        .map(|| file("image/svg+xml", include_str!("../../../assets/chat/icon.svg")));
    let app = path!("app.js").map(|| file(JAVASCRIPT, include_str!("../../../assets/chat/app.js")));
    let view =
        path!("view.js").map(|| file(JAVASCRIPT, include_str!("../../../assets/chat/view.js")));
    let client =
        path!("phx.js").map(|| file(JAVASCRIPT, include_str!("../../../assets/chat/phx.js")));
    warp::get().and(html.or(style).or(icon).or(app).or(view).or(client))
}

fn file(kind: &'static str, text: &'static str) -> impl Reply {
    let typed = warp::reply::with_header(text, "content-type", kind);
    warp::reply::with_header(typed, "content-security-policy", POLICY)
}
