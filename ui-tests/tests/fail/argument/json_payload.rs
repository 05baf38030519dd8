use phx_runtime::prelude::*;

struct Json<T>(T);

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a")]
    fn a(&self, name: Json<String>) {
        drop(name);
    }
}

fn main() {}
