use phx_runtime::prelude::*;

struct Room<T> {
    last: Option<T>,
}

#[channel("room:*")]
impl<T> Room<T> {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self { last: None })
    }
}

fn main() {}
