#[channel("room:*")]
pub mod room {
    use phx_runtime::prelude::*;

    #[assigns]
    pub struct Room;

    #[join]
    fn join(topic: &Topic) -> Result<Room, JoinError> {
        enter(topic)
    }

    #[handle_in("new_msg")]
    async fn new_msg(room: &mut Room, msg: NewMsg) -> Result<Posted, Refused> {
        room.post(msg).await
    }

    #[handle_in(_)]
    fn unknown(_room: &Room, event: Payload) -> Reply {
        Reply::error(event)
    }
}
