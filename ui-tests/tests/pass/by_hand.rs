//! What the macros generate can be written by hand, and mixes with what they generate.

use phx_runtime::{
    channel::{Channel, Context, Handling, Join, JoinContext, Pattern},
    prelude::*,
    socket::SocketState,
};

struct Echo;

impl Channel for Echo {
    const PATTERNS: &'static [Pattern] = &[Pattern::new("echo:*")];

    fn handle_in(self: Box<Self>, payload: Payload, _: Context) -> Handling {
        Handling::done(self, Reply::ok(payload))
    }
}

impl<S: SocketState> Join<S> for Echo {
    async fn join(_: JoinContext<S>) -> Result<Joined<Self>, JoinError> {
        Ok(Joined::new(Self))
    }
}

struct Lobby;

#[channel("lobby")]
impl Lobby {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

struct Guest;

#[socket("/socket", websocket)]
#[channels("shout:*" => Echo, Echo, Lobby)]
impl Guest {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

#[test]
fn both_kinds_of_channels_are_mounted() {
    assert_eq!(Guest::channels().len(), 3);
    Endpoint::builder().socket::<Guest>().build().unwrap();
}
