//! Sockets whose rooms show how they were connected.

use phx_runtime::{channel::Pattern, prelude::*};
use serde_json::Value;

use super::{admit, owner};
use crate::{
    assigns::{Assigns, GivesAssigns},
    channels::{RoomChannel, RoomLpChannel},
    connect_info,
};

pub(crate) struct TestInfoSocket {
    user_id: Option<String>,
    connect_info: Value,
}

#[socket("/ws/connect_info", websocket(timeout = "200ms", check_origin("//example.com")))]
#[channels(RoomChannel)]
impl TestInfoSocket {
    #[connect]
    async fn connect(params: Params, info: &ConnectInfo) -> Result<Self, ConnectError> {
        admit(&params)?;
        let user_id = params.get("user_id").map(str::to_owned);
        Ok(Self { user_id, connect_info: connect_info::all_as_objects(info) })
    }

    #[id]
    fn id(&self) -> Option<String> {
        owner(self.user_id.as_ref())
    }
}

impl GivesAssigns for TestInfoSocket {
    fn assigns(&self, _: Pattern) -> Assigns {
        let Self { user_id, connect_info } = self;
        [("user_id", json!(user_id)), ("connect_info", connect_info.clone())].into()
    }
}

pub(crate) struct TestInfoLpSocket {
    user_id: Option<String>,
    connect_info: Value,
}

#[socket("/ws/connect_info", longpoll(window = "200ms", check_origin("//example.com")))]
#[channels(RoomLpChannel)]
impl TestInfoLpSocket {
    #[connect]
    async fn connect(params: Params, info: &ConnectInfo) -> Result<Self, ConnectError> {
        let user_id = params.get("user_id").map(str::to_owned);
        Ok(Self { user_id, connect_info: connect_info::some_as_objects(info) })
    }

    #[id]
    fn id(&self) -> Option<String> {
        owner(self.user_id.as_ref())
    }
}

impl GivesAssigns for TestInfoLpSocket {
    fn assigns(&self, _: Pattern) -> Assigns {
        let Self { user_id, connect_info } = self;
        [("user_id", json!(user_id)), ("connect_info", connect_info.clone())].into()
    }
}
