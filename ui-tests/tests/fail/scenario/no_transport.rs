use phx_runtime::testing::{self, Over};

#[testing::test]
async fn people_talk(over: Over) {
    let _ = over;
}

fn main() {}
