use phx_runtime::testing::{self, Over};

#[testing::test(memory, start_paused = 1, flavor = "multi_thread")]
async fn people_talk(over: Over) {
    let _ = over;
}

fn main() {}
