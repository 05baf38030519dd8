use phx_runtime::prelude::*;

async fn run(endpoint: Endpoint) {
    endpoint.broadcast(7, "new_msg", json!({}));
}

fn main() {
    let _ = run;
}
