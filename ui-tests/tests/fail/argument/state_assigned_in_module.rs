#[phx_runtime::channel("room:*")]
mod room {
    use phx_runtime::prelude::*;

    #[derive(Clone)]
    pub struct Last {
        name: Option<String>,
    }

    #[assigns]
    pub struct Room;

    #[join]
    fn join() -> Result<Room, JoinError> {
        Ok(Room)
    }

    #[handle_in("a")]
    fn a(_: &Room, name: String, mut last: State<Last>) {
        if !name.is_empty() {
            last.0.name = Some(name);
        }
    }
}

fn main() {}
