use phx_runtime::testing::ClientChannel;

struct Msg;

async fn test(room: ClientChannel) {
    room.push("a", Msg).await;
}

fn main() {
    let _ = test;
}
