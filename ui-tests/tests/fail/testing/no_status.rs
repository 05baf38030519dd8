use phx_runtime::{assert_reply, json, testing::ClientChannel};

async fn test(room: ClientChannel) {
    let pushed = room.push("a", json!({})).await;
    assert_reply!(pushed);
}

fn main() {
    let _ = test;
}
