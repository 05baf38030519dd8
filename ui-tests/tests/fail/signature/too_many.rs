use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a")]
    fn a(&self, _a: &Socket, _b: &Socket, _c: &Socket, _d: &Socket, _e: &Socket, _f: &Socket, _g: &Socket, _h: &Socket, _i: &Socket, _j: &Socket, _k: &Socket, _l: &Socket, _m: &Socket) {}
}

fn main() {}
