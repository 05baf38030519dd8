//! What became of a message that a socket was given.

use std::pin::Pin;

use crate::message::Payload;

/// What a socket with channels did with a message; what [`RawSocket::dispatch`](super::RawSocket::dispatch)
/// resolves to. What the client is told leaves through the connection, whatever it is.
///
/// Phoenix counterpart: the results of `Phoenix.Socket.Transport.dispatch/3` up to 1.3.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dispatched {
    /// A channel has it: `:noreply`. Whether it answers, and what, is up to its handler.
    Forwarded,
    /// The session itself has answered, such as a heartbeat: `{:reply, reply}`.
    Answered,
    /// The topic is joined now: `{:joined, channel_pid, reply}`.
    Joined,
    /// It was refused, and this is what the client is told of it: `{:error, reason, reply}`.
    Refused(Payload),
}

/// A message that is being handled.
pub type Dispatching<'a> = Pin<Box<dyn Future<Output = Dispatched> + Send + 'a>>;
