use phx_runtime::prelude::*;

#[channel("room:*")]
mod room {
    use phx_runtime::prelude::*;

    #[assigns]
    pub struct Room;

    #[handle_in("a")]
    fn a(_room: &Room, _: Payload) {}
}

fn main() {}
