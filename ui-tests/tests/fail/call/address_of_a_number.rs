use phx_runtime::prelude::*;

async fn run(endpoint: Endpoint) {
    let _ = endpoint.serve(4000_u64).await;
}

fn main() {
    let _ = run;
}
