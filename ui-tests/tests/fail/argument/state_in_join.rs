use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(this: &mut Self) -> Result<Self, JoinError> {
        let _ = this;
        Ok(Self)
    }
}

fn main() {}
