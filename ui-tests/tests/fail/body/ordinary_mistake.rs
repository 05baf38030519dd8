use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a")]
    async fn a(&mut self, msg: String) -> Reply {
        let length: usize = msg;
        Reply::ok(length)
    }
}

fn main() {}
