use phx_runtime::prelude::*;

struct UserSocket;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a")]
    fn a(&self, _: Payload, user: UserSocket) {
        let _ = user;
    }
}

fn main() {}
