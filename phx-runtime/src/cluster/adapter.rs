//! What carries payloads between nodes.

use futures_util::{FutureExt, future::BoxFuture};

use super::{adapter_error::AdapterError, address::Parcel, inbox::Inbox};

/// Carries payloads from each node to all others over an engine.
///
/// An adapter knows nothing of topics or messages. It subscribes to the addresses of its node, hands
/// on what arrives there, and publishes what it is given. Connecting again, gathering, numbering,
/// limits and finding out who is there are done for all adapters alike by the node that uses it.
///
/// What it has to keep: payloads of one node to one address arrive in the order in which they were
/// sent, unless they are lost. It may lose some and repeat some; that is found out and mended above.
/// `testing::adapter` proves an adapter.
pub trait Adapter: Send + Sync + 'static {
    /// What the log calls it, such as `redis`.
    fn name(&self) -> &'static str;

    /// The largest payload that it carries, in bytes; at least 4,096. What is larger is cut into
    /// several and put together where it arrives.
    fn max_payload(&self) -> usize;

    /// Over how many channels topics are spread: one, unless the engine does better with several,
    /// such as a cluster of servers that divide them. Every node of a cluster says the same.
    fn channels(&self) -> u16 {
        1
    }

    /// Connects once: subscribes to [`Address::Channel`](super::Address::Channel) for every channel below
    /// [`channels`](Self::channels), and to [`Address::Node`](super::Address::Node) of [`Inbox::node`]. From then on until
    /// the link is dropped, what arrives goes to [`Inbox::receive`].
    ///
    /// What this node sent to the channels itself may come back to it, as many engines have it. One that
    /// can leave that out saves each node the reading of all that it sent, and answers
    /// [`Link::probe`] instead.
    ///
    /// # Errors
    ///
    /// The engine cannot be reached, or refuses. The node tries again until it is stopped.
    fn connect(&self, inbox: Inbox) -> BoxFuture<'_, Result<Box<dyn Link>, AdapterError>>;
}

/// A connection to an engine, which ends when it is dropped. When it ends by itself, the adapter
/// calls [`Inbox::lost`].
pub trait Link: Send + 'static {
    /// Publishes payloads, in order, with as few writes as possible. Ready when the engine has them, or
    /// will have them unless the connection breaks.
    ///
    /// # Errors
    ///
    /// The connection is of no use any more; the node connects again. Nothing is sent twice: whether
    /// the payloads arrived is not known.
    fn send(&mut self, parcels: Vec<Parcel>) -> BoxFuture<'_, Result<(), AdapterError>>;

    /// Asks the engine for a sign that it still takes what this node sends and gives it what arrives,
    /// upon which the adapter calls [`Inbox::heard`]. Nothing by default, which is right where a node
    /// hears what it sends to the channels: its heartbeats are the sign then.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    fn probe(&mut self) -> BoxFuture<'_, Result<(), AdapterError>> {
        std::future::ready(Ok(())).boxed()
    }
}
