use std::str::FromStr;

use phx_runtime::prelude::*;

struct Room;

#[channel("room:{id}")]
impl Room {
    #[join]
    fn join(id: Id) -> Result<Self, JoinError> {
        drop(id);
        Ok(Self)
    }
}

struct Id;

impl FromStr for Id {
    type Err = ();

    fn from_str(_: &str) -> Result<Self, ()> {
        Ok(Self)
    }
}

fn main() {
    Room::topic(Id);
}
