use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a")]
    fn a(&self, name: String, mut names: State<Vec<String>>) {
        names.0.push(name);
    }
}

fn main() {}
