//! The three lines that everything is about, as they stand.

use phx_runtime::{channel::Route, prelude::*, socket::SocketState};

struct UserSocket;

#[socket("/socket", websocket, longpoll)]
impl UserSocket {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

struct RoomChannel;

#[channel("room:*")]
impl RoomChannel {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("new_msg")]
    fn new_msg(&self, msg: Payload, socket: &Socket) {
        let Self = self;
        socket.broadcast("new_msg", msg);
    }
}

#[test]
fn a_socket_without_channels_is_one() {
    assert!(UserSocket::channels().is_empty());
    assert_eq!(SocketState::id(&UserSocket), None);
}

#[test]
fn a_channel_that_no_socket_lists_is_one() {
    let route = Route::<UserSocket>::of::<RoomChannel>();
    assert!(format!("{route:?}").contains("RoomChannel"));
}
