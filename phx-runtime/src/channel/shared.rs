//! What the channels of a connection share.

use std::sync::atomic::AtomicBool;

use crate::{
    connection::Connection,
    endpoint::Endpoint,
    log,
    message::{EncodeError, Topic},
    pubsub::Form,
    serializer::{Codec, Outgoing},
    transport::TransportKind,
    wire::deflate,
};

/// What all channels of one connection share.
#[derive(Debug)]
pub(crate) struct SessionShared {
    pub(crate) connection: Connection,
    pub(crate) endpoint: Endpoint,
    pub(crate) codec: Codec,
    pub(crate) transport: TransportKind,
    pub(crate) id: Option<Topic>,
}

impl SessionShared {
    /// How broadcasts look on this connection.
    pub(crate) fn form(&self) -> Form<'_> {
        Form { codec: &self.codec, compressed: self.connection.compresses() }
    }

    /// Sends one message, unless `allowed` says otherwise by then, or the protocol has no such
    /// messages.
    pub(crate) fn send(
        &self,
        allowed: Option<&AtomicBool>,
        message: &Outgoing<'_>,
    ) -> Result<(), EncodeError> {
        if let Codec::Version(version) = self.codec {
            return self.connection.send_with(allowed, |buffer| version.encode(message, buffer));
        }
        // Not under the connection's lock, which no code of the application runs under.
        if let Some(mut frame) = self.codec.frame(message)? {
            if self.connection.compresses() {
                frame = deflate::compress(&frame);
            }
            self.connection.send_encoded(&frame, allowed);
        }
        Ok(())
    }
    /// Sends a message of the session's own. It is JSON, which all built-in protocols have; one from
    /// outside that cannot write it is logged.
    pub(crate) fn send_own(&self, message: &Outgoing<'_>) {
        if let Err(error) = self.send(None, message) {
            log::unsendable_message(message.topic(), message.event(), &self.codec, error);
        }
    }
}
