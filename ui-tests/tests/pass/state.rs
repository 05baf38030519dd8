//! `State<T>` that nobody registered: the compiler cannot know, so it is said before anything runs.

use phx_runtime::{Endpoint, prelude::*};

#[derive(Clone)]
struct Limits;

struct Sock;

#[socket("/socket", websocket)]
#[channels(Room)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("post")]
    async fn post(&mut self, _: Payload, _limits: State<Limits>) {}
}

#[test]
fn an_endpoint_is_not_built_without_what_its_handlers_need() {
    let error = Endpoint::builder().socket::<Sock>().build().unwrap_err().to_string();
    assert_eq!(error, "`Room::post` needs `State<Limits>`: register it with `.state(..)`");
    Endpoint::builder().socket::<Sock>().state(Limits).build().unwrap();
}
