use phx_runtime::testing::{self, Over};

#[testing::test(memory, web_socket, sse)]
async fn people_talk(over: Over) {
    let _ = over;
}

fn main() {}
