use phx_runtime::prelude::*;

struct NoParse;

struct Room;

#[channel("room:{id}")]
impl Room {
    #[join]
    fn join(id: NoParse) -> Result<Self, JoinError> {
        let NoParse = id;
        Ok(Self)
    }
}

fn main() {}
