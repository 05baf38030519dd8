use phx_runtime::{assert_push, testing::ClientChannel};

async fn test(room: ClientChannel) {
    assert_push!(room, "a", %{ "a" => 1 });
}

fn main() {
    let _ = test;
}
