use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Joined<Self>, JoinError> {
        Ok(Joined::new(Self).then("after_join"))
    }

    #[handle_info]
    fn after_join(&self, text: String) {
        drop(text);
    }
}

fn main() {}
