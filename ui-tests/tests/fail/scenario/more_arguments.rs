use phx_runtime::{Endpoint, testing::{self, Over}};

#[testing::test(memory)]
async fn people_talk(over: Over, endpoint: Endpoint) {
    let _ = (over, endpoint);
}

fn main() {}
