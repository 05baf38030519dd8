//! `cfg` on a callback goes for everything that is generated for it.

use phx_runtime::{channel::Channel, prelude::*, socket::SocketState};

struct Sock;

#[socket("/socket", websocket)]
#[channels(Room)]
impl Sock {
    #[cfg(debug_assertions)]
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[cfg(not(debug_assertions))]
    #[connect]
    fn connect_strictly(_: Params) -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[cfg(any())]
    #[id]
    fn id(&self) -> Missing {
        Missing
    }
}

struct Room;

#[channel("room:{id}")]
impl Room {
    #[cfg(not(any()))]
    #[join]
    fn join(id: u8) -> Result<Self, JoinError> {
        if id > 0 { Ok(Self) } else { Err(JoinError::new("zero")) }
    }

    #[cfg(any())]
    #[join]
    fn join_differently(id: Missing, other: Missing) -> Result<Self, Missing> {}

    #[cfg(not(any()))]
    #[handle_in("one_of_two")]
    fn on(&self, _: Payload, event: Event) -> Reply {
        let Self = self;
        Reply::ok(json!({ "event": &*event }))
    }

    #[cfg(any())]
    #[handle_in("one_of_two")]
    fn off(&mut self, _: Missing, _: State<Missing>) -> Missing {}

    #[cfg(any())]
    #[handle_in("gone", "gone_too")]
    async fn gone(&mut self, _: Missing) {}

    #[cfg(any())]
    #[cfg(not(any()))]
    #[handle_in(_)]
    fn rest(&mut self) {}

    #[cfg(any())]
    #[handle_out("gone")]
    fn out(&mut self, _: Missing) {}

    #[cfg(any())]
    #[handle_info]
    fn info(&mut self, _: Missing) {}

    #[cfg(any())]
    #[terminate]
    fn bye(&mut self, _: Missing) {}
}

struct Silent;

#[channel("silent")]
impl Silent {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[cfg(any())]
    #[handle_in("only")]
    fn only(&mut self) {}

    #[cfg(not(any()))]
    #[handle_in(_)]
    fn rest(&self) {
        let Self = self;
    }
}

#[test]
fn what_is_configured_out_is_not_there() {
    assert!(Room::INTERCEPTS.is_empty());
    assert_eq!(Room::topic(1), "room:1");
    assert_eq!(SocketState::id(&Sock), None);
    Endpoint::builder().socket::<Sock>().build().unwrap();
}
