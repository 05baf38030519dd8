use phx_runtime::prelude::*;

struct Both;

#[socket("/socket", websocket)]
#[channel("room:*")]
impl Both {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

fn main() {}
