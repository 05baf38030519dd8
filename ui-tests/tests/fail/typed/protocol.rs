use phx_runtime::prelude::*;
use serde::Serialize;

#[event("phx_reply")]
#[derive(Serialize)]
struct NewMsg {
    body: String,
}

fn main() {}
