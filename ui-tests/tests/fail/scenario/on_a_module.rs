use phx_runtime::testing;

#[testing::test(memory)]
mod tests {}

fn main() {}
