//! Sockets that remember how they were connected.

use std::marker::PhantomData;

use phx_runtime::{
    channel::{FromJoin, JoinContext},
    prelude::*,
};
use serde_json::{Value, json};

use crate::{
    channels::{EchoChannel, InfoChannel, Remembered},
    connect_info,
};

/// What of a connection a mount shows. Phoenix counterpart: the list `connect_info`.
pub(crate) trait Keys: Send + Sync + 'static {
    fn show(info: &ConnectInfo) -> Value;
}

/// Everything but the auth token.
pub(crate) struct All;

/// The session alone.
pub(crate) struct Session;

/// The auth token alone.
pub(crate) struct AuthToken;

/// Nothing.
pub(crate) struct Nothing;

impl Keys for All {
    fn show(info: &ConnectInfo) -> Value {
        connect_info::all(info)
    }
}

impl Keys for Session {
    fn show(info: &ConnectInfo) -> Value {
        json!({ "session": connect_info::session(info) })
    }
}

impl Keys for AuthToken {
    fn show(info: &ConnectInfo) -> Value {
        json!({ "auth_token": info.auth_token() })
    }
}

impl Keys for Nothing {
    fn show(_: &ConnectInfo) -> Value {
        json!({})
    }
}

pub(crate) struct InfoSocket<K> {
    remembered: Remembered,
    keys: PhantomData<K>,
}

#[socket(
    "/info",
    websocket(check_origin = false),
    longpoll(window = "200ms", check_origin = false)
)]
#[channels(InfoChannel, EchoChannel)]
impl<K: Keys> InfoSocket<K> {
    #[connect]
    async fn connect(params: Params, info: &ConnectInfo) -> Result<Self, ConnectError> {
        let params = connect_info::params_json(&params);
        let remembered = Remembered { connect_info: K::show(info), params, id: () };
        Ok(Self { remembered, keys: PhantomData })
    }
}

impl<K: Keys> FromJoin<'_, InfoSocket<K>> for Remembered {
    fn from_join(cx: &JoinContext<InfoSocket<K>>) -> Result<Self, Fault> {
        Ok(cx.user().remembered.clone())
    }
}
