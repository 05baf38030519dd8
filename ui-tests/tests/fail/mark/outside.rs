use phx_runtime::prelude::*;

struct Room;

impl Room {
    #[handle_in("new_msg")]
    fn new_msg(&self) {}
}

fn main() {}
