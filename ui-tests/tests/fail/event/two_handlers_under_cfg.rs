use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[cfg(not(windows))]
    #[handle_in("new_msg")]
    fn a(&self) {}

    #[cfg(not(target_os = "wasi"))]
    #[handle_in("new_msg")]
    fn b(&self) {}
}

fn main() {}
