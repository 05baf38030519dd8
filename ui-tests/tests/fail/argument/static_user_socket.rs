use phx_runtime::prelude::*;

struct UserSocket;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(user: &'static UserSocket) -> Result<Self, JoinError> {
        let _ = user;
        Ok(Self)
    }
}

fn main() {}
