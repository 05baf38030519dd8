use phx_runtime::{assert_push, json, testing::ClientChannel};

async fn test(room: ClientChannel) {
    room.push("a", json!({})).await;
    assert_push!(room);
}

fn main() {
    let _ = test;
}
