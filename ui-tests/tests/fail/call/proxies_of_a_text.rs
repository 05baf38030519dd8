use phx_runtime::prelude::*;

fn main() {
    let _ = Endpoint::builder().trust_proxies("10.0.0.0/8");
}
