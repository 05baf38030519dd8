use phx_runtime::prelude::*;

#[channel("room:*")]
mod file;

fn main() {}
