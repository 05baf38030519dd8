use phx_runtime::prelude::*;

struct Room<'a>(&'a str);

#[channel("room:*")]
impl Room<'_> {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Room("x"))
    }
}

fn main() {}
