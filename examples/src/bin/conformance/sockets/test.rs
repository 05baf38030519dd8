//! Sockets with a strict origin and little patience.

use phx_runtime::{channel::Pattern, prelude::*};
use warp::http::{Response, StatusCode};

use super::{admit, is_set, owner};
use crate::{
    assigns::{Assigns, GivesAssigns},
    channels::{CustomChannel, RoomChannel, RoomLpChannel},
};

/// `/ws` tells clients that come too often so; see [`too_many_requests`].
pub(crate) struct TestSocket {
    user_id: Option<String>,
}

#[socket(
    "/ws",
    websocket(
        timeout = "200ms",
        check_origin("//example.com"),
        error_handler = too_many_requests
    )
)]
#[channels(RoomChannel, CustomChannel)]
impl TestSocket {
    #[connect]
    async fn connect(params: Params) -> Result<Self, ConnectError> {
        admit(&params)?;
        Ok(Self { user_id: params.get("user_id").map(str::to_owned) })
    }

    #[id]
    fn id(&self) -> Option<String> {
        owner(self.user_id.as_ref())
    }
}

fn too_many_requests(error: &ConnectError) -> Response<String> {
    let mut response = error.to_response();
    if error.to_string() == "rate_limit" {
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        response.body_mut().push_str("Too many requests");
    }
    response
}

impl GivesAssigns for TestSocket {
    fn assigns(&self, _: Pattern) -> Assigns {
        [("user_id", json!(self.user_id))].into()
    }
}

/// The same for long-polling clients.
pub(crate) struct TestLpSocket {
    user_id: Option<String>,
}

#[socket("/ws", longpoll(window = "200ms", check_origin("//example.com")))]
#[channels(RoomLpChannel)]
impl TestLpSocket {
    #[connect]
    async fn connect(params: Params) -> Result<Self, ConnectError> {
        if is_set(&params, "reject") {
            return Err(ConnectError::new("rejected"));
        }
        if is_set(&params, "custom_error") {
            return Err(ConnectError::new("custom"));
        }
        Ok(Self { user_id: params.get("user_id").map(str::to_owned) })
    }

    #[id]
    fn id(&self) -> Option<String> {
        owner(self.user_id.as_ref())
    }
}

impl GivesAssigns for TestLpSocket {
    fn assigns(&self, _: Pattern) -> Assigns {
        [("user_id", json!(self.user_id))].into()
    }
}

/// One channel and no more.
pub(crate) struct LimitedSocket;

#[socket(
    "/ws/limited",
    websocket(timeout = "200ms", check_origin("//example.com")),
    max_channels = 1
)]
#[channels(RoomChannel)]
impl LimitedSocket {
    #[connect]
    async fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

impl GivesAssigns for LimitedSocket {
    fn assigns(&self, _: Pattern) -> Assigns {
        [].into()
    }
}
