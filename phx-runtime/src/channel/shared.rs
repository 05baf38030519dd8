//! What the channels of a connection share.

use crate::{
    connection::Connection, endpoint::Endpoint, message::Topic, pubsub::Form, serializer::Version,
    transport::TransportKind,
};

/// What all channels of one connection share.
#[derive(Debug)]
pub(crate) struct SessionShared {
    pub(crate) connection: Connection,
    pub(crate) endpoint: Endpoint,
    pub(crate) version: Version,
    pub(crate) transport: TransportKind,
    pub(crate) id: Option<Topic>,
}

impl SessionShared {
    /// How broadcasts look on this connection.
    pub(super) fn form(&self) -> Form {
        Form { version: self.version, compressed: self.connection.compresses() }
    }
}
