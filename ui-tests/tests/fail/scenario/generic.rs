use phx_runtime::testing;

#[testing::test(memory)]
async fn people_talk<O>(over: O) {
    let _ = over;
}

fn main() {}
