use phx_runtime::testing;

struct Tests;

impl Tests {
    #[testing::test(memory)]
    async fn people_talk(&self) {}
}

fn main() {}
