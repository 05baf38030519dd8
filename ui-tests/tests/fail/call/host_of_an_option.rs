use phx_runtime::prelude::*;

fn main() {
    let _ = Endpoint::builder().host(Some("chat.example.com"));
}
