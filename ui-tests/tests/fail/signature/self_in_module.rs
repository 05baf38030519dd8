use phx_runtime::channel;

#[channel("room:*")]
mod room {
    use phx_runtime::prelude::*;

    #[assigns]
    struct Room {
        count: u32,
    }

    #[join]
    fn join() -> Result<Room, JoinError> {
        Ok(Room { count: 0 })
    }

    #[handle_in("a")]
    fn a(&mut self) {
        self.count += 1;
    }
}

fn main() {}
