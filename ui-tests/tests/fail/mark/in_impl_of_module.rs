#[phx_runtime::channel("room:*")]
mod room {
    use phx_runtime::prelude::*;

    #[assigns]
    pub struct Room;

    impl Room {
        #[join]
        fn join() -> Result<Room, JoinError> {
            Ok(Room)
        }

        #[handle_in("a")]
        fn a(&self) {}
    }
}

fn main() {}
