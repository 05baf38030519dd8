use phx_runtime::prelude::*;

#[channel("room:*")]
mod room {
    use phx_runtime::prelude::*;

    #[assigns]
    pub struct Room;

    #[join]
    fn join() -> Result<Room, JoinError> {
        Ok(Room)
    }

    struct NewMsg {
        body: String,
    }

    #[handle_in("new_msg")]
    async fn new_msg(_room: &mut Room, msg: NewMsg) {
        drop(msg.body);
    }
}

fn main() {}
