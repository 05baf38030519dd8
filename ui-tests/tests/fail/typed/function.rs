use phx_runtime::prelude::*;

#[event("new_msg")]
fn new_msg(body: String) {
    drop(body);
}

fn main() {}
