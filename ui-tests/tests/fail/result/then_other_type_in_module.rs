#[phx_runtime::channel("room:*")]
mod room {
    use phx_runtime::prelude::*;

    #[assigns]
    pub struct Room;

    #[join]
    fn join() -> Result<Joined<Room>, JoinError> {
        Ok(Joined::new(Room).then(3_u64))
    }

    #[handle_info]
    fn tick(_: &Room, left: u32) {
        assert!(left > 0);
    }
}

fn main() {}
