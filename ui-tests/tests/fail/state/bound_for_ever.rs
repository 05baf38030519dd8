use phx_runtime::prelude::*;

struct Room<T> {
    last: T,
}

#[channel("room:*")]
impl<T: Default + 'static> Room<T> {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self { last: T::default() })
    }
}

fn main() {}
