use phx_runtime::prelude::*;

#[channel("room:*")]
mod room {
    use phx_runtime::prelude::*;

    #[assigns]
    pub struct Room<T>(T);

    #[join]
    fn join() -> Result<Room<u8>, JoinError> {
        Ok(Room(0))
    }
}

fn main() {}
