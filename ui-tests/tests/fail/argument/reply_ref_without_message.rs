use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_info]
    fn tick(&self, _: u8, _reply: ReplyRef) {}

    #[handle_out("new_msg")]
    fn out(&self, _: Payload, _reply: Option<ReplyRef>) {}

    #[terminate]
    fn bye(&self, _: Reason, _reply: ReplyRef) {}
}

fn main() {}
