use phx_runtime::testing::{self, Over};

#[testing::test("memory", websocket(timeout = "1s"))]
async fn people_talk(over: Over) {
    let _ = over;
}

fn main() {}
