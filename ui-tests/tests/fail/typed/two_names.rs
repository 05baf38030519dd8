use phx_runtime::prelude::*;
use serde::Serialize;

#[event("new_msg", "msg")]
#[derive(Serialize)]
struct NewMsg {
    body: String,
}

fn main() {}
