//! Shared counters: the smallest useful channel, in the module form.
//!
//! `cargo run -p phx-examples --bin counter`, then open the printed address in two tabs.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use phx_runtime::{Endpoint, channel, socket};
use warp::Filter;

/// All counters by name.
#[derive(Clone, Default)]
struct Counters(Arc<Mutex<HashMap<String, i64>>>);

impl Counters {
    fn add(&self, name: &str, by: i64) -> i64 {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = counters.entry(name.to_owned()).or_default();
        *counter = counter.saturating_add(by);
        *counter
    }
}

#[socket("/socket", websocket(check_origin = "conn"))]
#[channels(super::counter::Counter)]
mod visitor {
    use phx_runtime::prelude::*;

    /// Anybody may come in.
    #[assigns]
    pub(super) struct Visitor;

    #[connect]
    fn connect() -> Result<Visitor, ConnectError> {
        Ok(Visitor)
    }
}

#[channel("counter:{name}")]
mod counter {
    use phx_runtime::prelude::*;
    use serde::Deserialize;

    use super::Counters;

    /// One visitor at one counter.
    #[assigns]
    pub(super) struct Counter {
        name: String,
    }

    #[derive(Deserialize)]
    struct Add {
        by: i64,
    }

    #[join]
    fn join(
        name: String,
        _: Payload,
        counters: State<Counters>,
    ) -> Result<Joined<Counter>, JoinError> {
        if name.len() > 40 {
            return Err(JoinError::new("name too long"));
        }
        let value = counters.add(&name, 0);
        Ok(Joined::new(Counter { name }).reply(json!({ "value": value })))
    }

    #[handle_in("add")]
    fn add(counter: &Counter, add: Add, socket: &Socket, counters: State<Counters>) -> Reply {
        if !(-100..=100).contains(&add.by) {
            return Reply::error(json!({ "reason": "at most 100 at a time" }));
        }
        let value = counters.add(&counter.name, add.by);
        socket.broadcast("changed", json!({ "value": value }));
        Reply::ok(json!({ "value": value }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let endpoint =
        Endpoint::builder().state(Counters::default()).socket::<visitor::Visitor>().build()?;

    let page = warp::path::end()
        .map(|| warp::reply::html(include_str!("../../assets/counter/index.html")));
    let script = warp::path!("counter.js")
        .map(|| javascript(include_str!("../../assets/counter/counter.js")));
    let client = warp::path!("phx.js").map(|| javascript(include_str!("../../assets/chat/phx.js")));

    let server = endpoint.bind(phx_examples::address()?).await?;
    println!("Count together at http://{}", server.address());
    server.run(endpoint.routes().or(page).or(script).or(client)).await;
    Ok(())
}

fn javascript(text: &'static str) -> impl warp::Reply {
    warp::reply::with_header(text, "content-type", "text/javascript")
}
