//! A socket that takes everybody, for tests that are not about who may connect.

use std::marker::PhantomData;

use phx_runtime::{
    channel::{Join, Route},
    options::{LongPollOptions, Mount, WebSocketOptions},
    prelude::*,
    socket::{ConnectContext, SocketState},
};

/// The id of everybody.
pub(crate) const EVERYBODY: &str = "everybody";

/// A channel that everybody may connect to, as its [`User`].
pub(crate) trait Open: Join<User<Self>> {}

/// The socket of one channel, at `/socket` over both transports.
pub(crate) struct User<C = Room>(PhantomData<fn() -> C>);

impl<C: Open> SocketState for User<C> {
    fn mount() -> Mount {
        Mount::new("/socket").websocket(WebSocketOptions::new()).longpoll(LongPollOptions::new())
    }

    async fn connect(_: ConnectContext) -> Result<Self, ConnectError> {
        Ok(Self(PhantomData))
    }

    fn id(&self) -> Option<String> {
        Some(EVERYBODY.to_owned())
    }

    fn channels() -> Vec<Route<Self>> {
        vec![Route::of::<C>()]
    }
}

/// A channel for tests that need any.
pub(crate) struct Room;

impl Open for Room {}

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("push")]
    fn push(&self, payload: Payload, socket: &Socket) -> Reply {
        socket.push("pushed", payload.clone());
        Reply::ok(payload)
    }

    /// Never returns.
    #[handle_in("wait")]
    async fn wait(&self, _: Payload) {
        std::future::pending::<()>().await;
    }

    /// Anything else is broadcast.
    #[handle_in(_)]
    fn say(&self, payload: Payload, event: Event, socket: &Socket) -> Reply {
        socket.broadcast(event, payload);
        Reply::ack()
    }
}
