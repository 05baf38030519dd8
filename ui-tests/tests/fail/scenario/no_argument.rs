use phx_runtime::testing;

#[testing::test(memory)]
async fn people_talk() {}

fn main() {}
