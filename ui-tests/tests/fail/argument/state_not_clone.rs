use phx_runtime::prelude::*;

struct Db;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a")]
    fn a(&self, _: Payload, db: State<Db>) {
        drop(db);
    }
}

fn main() {}
