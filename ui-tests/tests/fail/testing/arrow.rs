async fn test(room: phx_runtime::testing::ClientChannel) {
    phx_runtime::assert_push!(room, "new_msg" => { "id": 1 });
}

fn main() {
    let _ = test;
}
