use phx_runtime::prelude::*;

struct User;

fn main() {
    let socket = phx_runtime::testing::socket("room:1");
    let _ = Presence::new().track(&socket, User, json!({}));
}
