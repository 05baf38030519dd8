use phx_runtime::prelude::*;

struct Meta;

fn main() {
    let socket = phx_runtime::testing::socket("room:1");
    let _ = Presence::new().track(&socket, 7, Meta);
}
