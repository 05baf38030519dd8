//! How a served connection comes to its end, and what that means for the socket and the log.

use std::{borrow::Cow, fmt, net::SocketAddr};

use super::raw_socket::{Flow, RawSocket, stopped};
use crate::{
    connection::{Connection, Slow},
    log::{self, Party},
    message::Reason,
    wire::{CloseCode, Text},
};

/// How a connection came to its end. What is rare is boxed, because a task has room for one.
#[derive(Debug)]
pub(super) enum End {
    /// The client said so.
    ClosedByClient(Option<Box<ClientClose>>),
    /// The stream ended or broke.
    Lost,
    /// The socket ended it.
    Stopped(CloseCode),
    /// The client broke the rules of the transport.
    Invalid(Box<Invalid>),
    /// The client sent an invalid message.
    Malformed(CloseCode),
    /// The socket panicked.
    Panicked,
    /// The client read too slowly.
    Slow(Box<Slow>),
    /// Somebody closed the connection's handle.
    Closing,
}

/// What a client said that closed.
#[derive(Debug)]
pub(super) struct ClientClose {
    code: Option<CloseCode>,
    text: Text,
}

/// What a client did wrong.
#[derive(Debug)]
pub(super) struct Invalid {
    pub(super) code: CloseCode,
    pub(super) why: Cow<'static, str>,
}

impl End {
    /// Clients that go in an orderly way say 1000, 1001 or nothing.
    pub(super) fn closed_by_client(code: Option<CloseCode>, text: Text) -> Self {
        let is_usual = matches!(code, None | Some(CloseCode::NORMAL | CloseCode::GOING_AWAY));
        let close = (!is_usual || !text.is_empty()).then(|| Box::new(ClientClose { code, text }));
        Self::ClosedByClient(close)
    }

    /// The end, if that was decided.
    pub(super) fn decided(flow: Flow) -> Option<Self> {
        match flow {
            Flow::Continue | Flow::Refused => None,
            Flow::Stop(code) => Some(Self::Stopped(code)),
            Flow::Malformed(code) => Some(Self::Malformed(code)),
        }
    }

    /// Says why the server ends the connection, if something is wrong.
    pub(super) fn log(
        &self,
        socket: &dyn RawSocket,
        peer: Option<SocketAddr>,
        connection: &Connection,
    ) {
        let party = || Party { socket: Some(socket.name()), id: socket.id(), peer };
        let by_server = |code: CloseCode, reason: &dyn fmt::Display| {
            log::closed(party(), code.get(), reason, true);
        };
        let by_client = |code: CloseCode, reason: &dyn fmt::Display| {
            log::closed(party(), code.get(), reason, false);
        };
        match self {
            Self::Stopped(code @ CloseCode::INTERNAL) => by_server(*code, &"the socket stopped it"),
            Self::ClosedByClient(_) | Self::Lost | Self::Stopped(_) => {}
            Self::Invalid(invalid) => by_client(invalid.code, &invalid.why),
            Self::Malformed(code) => by_client(*code, &"the client sent an invalid message"),
            Self::Panicked => by_server(CloseCode::INTERNAL, &"the socket panicked"),
            Self::Slow(slow) => log::slow_reader(party(), slow.waiting, slow.limit, slow.behind),
            Self::Closing => {
                if let Some((code, reason)) = connection.failure() {
                    by_server(code, &reason);
                }
            }
        }
    }

    /// Queues the close that belongs to this end, and says what `terminate` is told.
    pub(super) fn announce(&self, connection: &Connection) -> Reason {
        let (code, reason) = match self {
            Self::ClosedByClient(None) => return Reason::Closed,
            Self::ClosedByClient(Some(close)) => {
                return Reason::ClosedWith {
                    // What RFC 6455 calls a close without a code.
                    code: close.code.map_or(1005, CloseCode::get),
                    text: close.text.as_str().into(),
                };
            }
            Self::Lost => return Reason::Lost,
            Self::Slow(_) | Self::Closing => {
                return connection.ending().map_or(Reason::Closed, |(_, reason)| reason);
            }
            Self::Panicked => (CloseCode::INTERNAL, Reason::failed("the socket panicked")),
            Self::Invalid(invalid) => (invalid.code, stopped(invalid.code)),
            Self::Stopped(code) | Self::Malformed(code) => (*code, stopped(*code)),
        };
        connection.close(code, reason.clone());
        // If something else has closed it already, that is the reason.
        connection.ending().map_or(reason, |(_, reason)| reason)
    }
}
