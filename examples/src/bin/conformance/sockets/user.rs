//! The socket of most conversations.

use phx_runtime::{channel::Pattern, prelude::*};

use super::{admit, is_set, owner};
use crate::{
    assigns::{Assigns, GivesAssigns},
    channels::{
        BenchChannel, CrashChannel, CustomChannel, EchoChannel, MiscChannel, NoHandlersChannel,
        PresenceChannel, RejectChannel, RoomChannel,
    },
};

pub(crate) struct UserSocket {
    user_id: Option<String>,
}

#[socket(
    "/socket",
    // Handlers of these channels push more at once than a client can have read.
    websocket(check_origin = false, max_backlog = "64MB"),
    longpoll(window = "2s", check_origin = false)
)]
#[channels(
    RoomChannel,
    "assigned:*" => RoomChannel,
    CustomChannel,
    EchoChannel,
    BenchChannel,
    PresenceChannel,
    RejectChannel,
    CrashChannel,
    MiscChannel,
    NoHandlersChannel,
)]
impl UserSocket {
    #[connect]
    async fn connect(params: Params) -> Result<Self, ConnectError> {
        if is_set(&params, "raise") {
            return Err(Fault::new("told to fail").into());
        }
        admit(&params)?;
        Ok(Self { user_id: params.get("user_id").map(str::to_owned) })
    }

    #[id]
    fn id(&self) -> Option<String> {
        owner(self.user_id.as_ref())
    }
}

impl GivesAssigns for UserSocket {
    fn assigns(&self, pattern: Pattern) -> Assigns {
        let mut assigns = Assigns::from([("user_id", json!(self.user_id))]);
        if pattern.as_str() == "assigned:*" {
            assigns.0.insert("role".into(), "from_channel_macro".into());
        }
        assigns
    }
}
