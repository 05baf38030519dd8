use phx_runtime::prelude::*;

#[event("new_msg")]
struct NewMsg {
    body: String,
}

fn main() {}
