//! The sockets: who may connect, and which channels they serve.

mod info;
mod plain;
mod refusing;
mod test;
mod test_info;
mod user;

pub(crate) use self::{
    info::{All, AuthToken, InfoSocket, Nothing, Session},
    plain::{DrainSocket, PlainSocket},
    refusing::RefusingSocket,
    test::{LimitedSocket, TestLpSocket, TestSocket},
    test_info::{TestInfoLpSocket, TestInfoSocket},
    user::UserSocket,
};

use phx_runtime::{ConnectError, Params};

/// Whether a parameter is there and says `true`.
fn is_set(params: &Params, name: &str) -> bool {
    params.get(name) == Some("true")
}

/// Refuses the clients that ask for it.
fn admit(params: &Params) -> Result<(), ConnectError> {
    if is_set(params, "reject") {
        return Err(ConnectError::new("rejected"));
    }
    if is_set(params, "ratelimit") {
        return Err(ConnectError::new("rate_limit"));
    }
    Ok(())
}

/// The id of a connection whose client said who it is.
fn owner(user_id: Option<&String>) -> Option<String> {
    user_id.map(|user_id| format!("user_sockets:{user_id}"))
}
