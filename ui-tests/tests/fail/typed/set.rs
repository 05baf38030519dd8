use phx_runtime::prelude::*;
use serde::Serialize;

#[event(name = "new_msg")]
#[derive(Serialize)]
struct NewMsg {
    body: String,
}

fn main() {}
