use phx_runtime::prelude::*;

async fn test(room: phx_runtime::testing::ClientChannel) {
    let pushed = room.push("new_msg", json!({})).await;
    phx_runtime::refute_reply!(pushed, ok);
}

fn main() {
    let _ = test;
}
