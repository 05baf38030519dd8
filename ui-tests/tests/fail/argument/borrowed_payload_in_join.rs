use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(name: &String) -> Result<Self, JoinError> {
        let _ = name;
        Ok(Self)
    }
}

fn main() {}
