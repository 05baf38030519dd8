use phx_runtime::prelude::*;

struct Room<'a> {
    name: &'a str,
}

#[channel("room:*")]
impl<'a> Room<'a> {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self { name: "x" })
    }
}

fn main() {}
