use phx_runtime::{assert_push, testing::ClientChannel};
use serde::Serialize;

#[phx_runtime::event("tick")]
#[derive(Serialize)]
struct Tick {
    left: u8,
}

async fn test(room: ClientChannel) {
    let Tick { left } = assert_push!(room, Tick { left: 1 });
    let _ = left;
}

fn main() {
    let _ = test;
}
