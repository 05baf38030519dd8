use phx_runtime::prelude::*;

fn main() {
    let _ = Endpoint::builder().secret(42);
}
