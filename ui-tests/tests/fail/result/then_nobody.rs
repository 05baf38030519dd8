use phx_runtime::prelude::*;

struct AfterJoin;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Joined<Self>, JoinError> {
        Ok(Joined::new(Self).then(AfterJoin))
    }
}

fn main() {}
