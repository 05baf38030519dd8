//! Messages over plain HTTP requests, for clients that have no WebSocket.
//!
//! A client opens a session and gets a token for it. It fetches messages with a GET that waits
//! until there are some, and sends with POST. Every answer is JSON with a status of its own in it.
//!
//! - [`Session`] is what requests and the session's task share: the open poll, the messages that
//!   come in, the frames that wait for the client.
//! - [`drive`] is that task; it calls the socket as the WebSocket driver does.
//! - [`Sessions`] finds a session by the id in its token.
//! - [`Answer`] and [`Messages`] are the protocol: what goes out, and what a POST may hold.
//!
//! The requests themselves, with origins, tokens and headers, are answered by the endpoint.
//!
//! # Which messages a poll has delivered
//!
//! The protocol has no receipts: a client that got an answer just polls again, with the token that
//! it had before. A message counts as delivered when the server in front takes the body of the
//! answer that carries it, because from then on nobody can tell whether the bytes arrive. Until
//! then it stays with the session: a client that goes away while it waits, or before its answer
//! is written, finds everything in its next poll, in order and once. Phoenix hands messages to the
//! request earlier and loses them in these cases. To repeat them after that point as well would
//! give them twice to every client that did receive them and polls again, as all of them do.

mod answer;
mod elsewhere;
mod messages;
mod poll;
mod post;
mod remote;
mod requests;
mod session;
mod sessions;
mod turn;

pub(crate) use self::{
    answer::{Answer, Status},
    elsewhere::{Elsewhere, PollElsewhere, Waited},
    messages::Messages,
    poll::{Awaited, Poll},
    remote::RemoteRequests,
    requests::Requests,
    session::Session,
    sessions::{Seat, SessionId, SessionLimits, Sessions},
};

#[cfg(test)]
mod tests;
