//! What goes where.

use std::fmt;

use bytes::Bytes;

use super::node::NodeId;

/// A payload on its way.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// Where it goes.
    pub to: Address,
    /// What it is: bytes that mean nothing to the engine.
    pub payload: Bytes,
}

/// Where payloads go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// To every node. There are as many channels as [`Adapter::channels`](super::Adapter::channels) says.
    Channel(u16),
    /// To one node.
    Node(NodeId),
}

impl Address {
    /// A name for the address on an engine that several applications may use: `phx`, the application,
    /// and the channel's number or the node's id, with `separator` between. It consists of letters,
    /// digits, `_`, `-` and the separator.
    ///
    /// ```
    /// use phx_runtime::cluster::Address;
    ///
    /// assert_eq!(Address::Channel(3).name("shop", ':'), "phx:shop:all:3");
    /// ```
    pub fn name(&self, application: &str, separator: char) -> String {
        let (kind, which): (_, &dyn fmt::Display) = match self {
            Self::Channel(number) => ("all", number),
            Self::Node(id) => ("node", id),
        };
        format!("phx{separator}{application}{separator}{kind}{separator}{which}")
    }
}
