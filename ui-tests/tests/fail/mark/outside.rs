use phx_runtime::prelude::*;

#[assigns]
struct Room;

impl Room {
    #[join]
    fn join() {}

    #[handle_in("new_msg")]
    fn new_msg(&self) {}

    #[handle_out("new_msg")]
    fn pushed(&self) {}

    #[handle_info]
    fn tick(&self) {}

    #[terminate]
    fn bye(&self) {}

    #[connect]
    fn connect() {}

    #[id]
    fn id(&self) {}
}

fn main() {}
