use phx_runtime::prelude::*;

struct Room;

#[channel("room:{room_id}")]
impl Room {
    #[join]
    fn join(roomid: u64) -> Result<Self, JoinError> {
        let _ = roomid;
        Ok(Self)
    }
}

fn main() {}
