//! Connections that the server closes because something is wrong.

use std::{fmt::Display, net::SocketAddr, time::Duration};

use super::shown::Shown;

/// Whose connection it is, as far as that is known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Party<'a> {
    /// The socket's name.
    pub(crate) socket: Option<&'a str>,
    pub(crate) id: Option<&'a str>,
    pub(crate) peer: Option<SocketAddr>,
}

/// Something is wrong with what the client sent; or, if `by_server`, with the server.
#[cold]
pub(crate) fn closed(party: Party<'_>, code: u16, reason: impl Display, by_server: bool) {
    let (socket, id) = (party.socket.map(Shown::name), party.id.map(Shown::name));
    let (code, reason) = (usize::from(code), Shown::text(reason));
    if by_server {
        line!(
            warn, "closing a connection because of a failure";
            code = code, reason = reason, socket = socket, id = id, peer = party.peer,
        );
    } else {
        line!(
            info, "closing a connection because of what its client sent";
            code = code, reason = reason, socket = socket, id = id, peer = party.peer,
        );
    }
}

/// The client reads, or polls, more slowly than the server sends. `waiting` and `limit` are bytes;
/// `behind` is for how long more than `max_backlog` has been waiting.
#[cold]
pub(crate) fn slow_reader(party: Party<'_>, waiting: usize, limit: usize, behind: Duration) {
    line!(
        warn, "closing a connection party client reads too slowly";
        waiting = waiting,
        limit = limit,
        behind_ms = u64::try_from(behind.as_millis()).unwrap_or(u64::MAX),
        socket = party.socket.map(Shown::name),
        id = party.id.map(Shown::name),
        peer = party.peer,
    );
}
