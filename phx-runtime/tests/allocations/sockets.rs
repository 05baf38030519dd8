//! What is served.

use phx_runtime::{
    prelude::*,
    socket::{ConnectRequest, RawConnect},
    transport::{Connection, Flow, Frame, Handled, RawSocket},
};

#[socket("/socket", websocket(check_origin = false), longpoll(check_origin = false))]
#[channels(super::room::Room, super::watched::Watched, super::door::Door)]
pub(crate) mod user {
    use phx_runtime::prelude::*;

    #[assigns]
    pub(crate) struct User;

    #[connect]
    fn connect() -> Result<User, ConnectError> {
        Ok(User)
    }
}

#[channel("room:*", log_join = false, log_handle_in = false)]
pub(crate) mod room {
    use phx_runtime::prelude::*;
    use serde::{Deserialize, Serialize};

    #[assigns]
    pub(crate) struct Room;

    #[derive(Deserialize, Serialize)]
    struct Message {
        body: String,
    }

    #[join]
    fn join(_: Payload) -> Result<Room, JoinError> {
        Ok(Room)
    }

    #[handle_in("echo")]
    fn echo(_: &Room, message: Message) -> Reply {
        Reply::ok(message)
    }

    #[handle_in("ack")]
    fn ack(_: &Room, _: Payload) -> Reply {
        Reply::ack()
    }

    /// Lets `wait` go on.
    pub(crate) static GO_ON: tokio::sync::Notify = tokio::sync::Notify::const_new();

    #[handle_in("wait")]
    async fn wait(_: &Room, _: Payload) -> Reply {
        GO_ON.notified().await;
        Reply::ack()
    }

    #[handle_in("ack_later")]
    async fn ack_later(_: &Room, _: Payload) -> Reply {
        Reply::ack()
    }

    #[handle_in("push")]
    fn push(_: &Room, message: Message, socket: &Socket) {
        socket.push("pushed", message);
    }
}

/// A channel that is told something by a task of its own when it has ended.
#[channel("watched:*", log_join = false, log_handle_in = false)]
pub(crate) mod watched {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use phx_runtime::prelude::*;

    #[assigns]
    pub(crate) struct Watched;

    /// Tasks under way.
    pub(crate) static WATCHES: AtomicUsize = AtomicUsize::new(0);

    struct Ended {
        _socket: Socket,
        _bytes: [u8; 1000],
    }

    #[join]
    fn join(_: Payload) -> Result<Watched, JoinError> {
        Ok(Watched)
    }

    #[handle_in("watch")]
    fn watch(_: &Watched, _: Payload, socket: &Socket) -> Reply {
        let socket = socket.clone();
        WATCHES.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            for _ in 0..3 {
                while socket.is_open() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                socket.notify(Ended { _socket: socket.clone(), _bytes: [0; 1000] });
                socket.subscribe("prices");
                socket.broadcast("news", 1);
            }
            WATCHES.fetch_sub(1, Ordering::Relaxed);
        });
        Reply::ack()
    }

    #[handle_info]
    fn ended(_: &Watched, _: Ended) {}

    #[handle_out("news")]
    fn news(_: &Watched, _: u8) {}
}

/// Logged as every channel is unless it says otherwise.
#[channel("door:*", log_handle_in = "info")]
mod door {
    use phx_runtime::prelude::*;

    #[assigns]
    pub(crate) struct Door;

    #[join]
    fn join(_: Payload, topic: &Topic) -> Result<Door, JoinError> {
        if topic.ends_with("open") { Ok(Door) } else { Err(JoinError::new("closed")) }
    }

    #[handle_in("ack")]
    fn ack(_: &Door, _: Payload) -> Reply {
        Reply::ack()
    }
}

pub(crate) struct Echo;

impl RawConnect for Echo {
    async fn connect(_: ConnectRequest) -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

impl RawSocket for Echo {
    fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a> {
        connection.send(&frame);
        Flow::Continue.into()
    }
}
