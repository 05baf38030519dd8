use phx_runtime::prelude::*;

#[channel("room:*")]
fn room() {}

fn main() {}
