use phx_runtime::prelude::*;
use serde::Serialize;

#[event(NEW_MSG)]
#[derive(Serialize)]
struct NewMsg {
    body: String,
}

fn main() {}
