//! What a message passes on its way, step by step and without a network, for the benchmark
//! `hot_functions`.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;

use crate::{
    EncodeError, Endpoint, PayloadKind,
    channel::{Connected, Routes, Topic},
    serializer::{MessageRef, Outgoing, Version},
    socket::{Channels, SocketState},
    transport::{
        ConnectError, ConnectInfo, ConnectRequest, Connection, Frame, Params, RawSocket,
        TransportKind,
        websocket::decoder::{Decoder, Incoming},
    },
};

/// Reads WebSocket frames.
#[derive(Debug)]
pub struct Frames(Decoder);

impl Frames {
    /// With a limit for messages, in bytes.
    pub fn new(limit: usize) -> Self {
        Self(Decoder::new(limit))
    }

    /// The message of a stream that holds one.
    pub fn read(&mut self, stream: &[u8]) -> Option<Frame> {
        self.0.feed(stream);
        match self.0.decode() {
            Ok(Some(Incoming::Message(frame))) => Some(frame),
            _ => None,
        }
    }
}

/// Decodes a message as far as a session does before it knows the handler, and tells whether it is
/// one.
pub fn decode(version: Version, frame: &Frame) -> bool {
    version.decode(frame).is_ok()
}

/// Encodes a reply as a whole WebSocket frame, with a payload that is JSON already.
pub fn encode(version: Version, topic: &str, payload: &[u8]) -> Result<Bytes, EncodeError> {
    let reference = MessageRef::from_str("1");
    let reference = Some(&reference);
    let kind = PayloadKind::Json;
    version.frame(&Outgoing::reply(reference, reference, topic, "ok", kind, payload))
}

/// Looks topics up in a socket's routing table.
pub fn router<S: SocketState>(user: S) -> impl Fn(&Topic) -> bool {
    let routes = Connected { user: Arc::new(user), table: S::channels().into() };
    move |topic| routes.serves(topic)
}

/// A connection whose transport is memory, driven by whoever calls.
pub struct Client {
    channels: Channels,
    connection: Connection,
}

impl Client {
    /// Connects, to speak version 2.
    ///
    /// # Errors
    ///
    /// The socket's `#[connect]` refuses.
    pub async fn connect<S: SocketState>(endpoint: &Endpoint) -> Result<Self, ConnectError> {
        let mut query = Params::default();
        query.insert("vsn", "2.0.0");
        let request = ConnectRequest {
            info: ConnectInfo::new(TransportKind::Custom("memory"), query),
            endpoint: endpoint.clone(),
            mount: Arc::new(S::mount()),
            serializers: [Version::V2].into(),
        };
        let mut channels = Channels::connect::<S>(request, S::channels().into()).await?;
        let connection = Connection::new(1 << 24);
        channels.init(&connection);
        Ok(Self { channels, connection })
    }

    /// Handles one message of the client, whose handler does not wait.
    pub fn handle(&mut self, frame: Frame) {
        let _ = self.channels.handle_in(frame, &self.connection).decide().now_or_never();
    }

    /// How many messages wait for the client; they wait no longer.
    pub fn take(&self) -> usize {
        self.connection.take_frames().len()
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("connection", &self.connection).finish_non_exhaustive()
    }
}
