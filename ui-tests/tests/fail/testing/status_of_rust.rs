use phx_runtime::prelude::*;

async fn test(room: phx_runtime::testing::ClientChannel) {
    let pushed = room.push("new_msg", json!({})).await;
    phx_runtime::assert_reply!(pushed, Ok, { "id": 1 });
}

fn main() {
    let _ = test;
}
