use phx_runtime::prelude::*;
use serde::Serialize;

#[event]
#[derive(Serialize)]
struct NewMsg {
    body: String,
}

fn main() {}
