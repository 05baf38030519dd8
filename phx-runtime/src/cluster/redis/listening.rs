//! What a server pushes.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use redis::{AsyncConnectionConfig, PushInfo, PushKind, Value};

use crate::cluster::{adapter_error::AdapterError, address::Address, inbox::Inbox};

/// How long a server may take to be connected to.
pub(super) const PATIENCE: Duration = Duration::from_secs(4);

/// The addresses of a node, by their names on the server.
pub(super) struct Addresses {
    own: HashMap<Arc<str>, Address>,
    application: Box<str>,
    /// The names of the channels, to which most is sent.
    channels: Box<[Arc<str>]>,
}

impl Addresses {
    pub(super) fn of(inbox: &Inbox, channels: u16, channel: Option<&Arc<str>>) -> Self {
        let application = inbox.application();
        let usual = |number| Address::Channel(number).name(application, ':').into();
        let channels: Box<[_]> = match channel {
            Some(only) => [only.clone()].into(),
            None => (0..channels).map(usual).collect(),
        };
        let node = Address::Node(inbox.node());
        let mut own = HashMap::from([(node.name(application, ':').into(), node)]);
        own.extend((0..).map(Address::Channel).zip(&channels).map(|(to, name)| (name.clone(), to)));
        Self { own, application: application.into(), channels }
    }

    /// What an address is called on the server.
    pub(super) fn name(&self, address: Address) -> Arc<str> {
        let known = match address {
            Address::Channel(number) => self.channels.get(usize::from(number)).cloned(),
            Address::Node(_) => None,
        };
        known.unwrap_or_else(|| address.name(&self.application, ':').into())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.own.keys().map(|name| &**name)
    }

    fn get(&self, name: &[u8]) -> Option<Address> {
        self.own.get(std::str::from_utf8(name).ok()?).copied()
    }
}

/// How connections are made: what a server pushes goes into the inbox.
pub(super) fn config(addresses: &Arc<Addresses>, inbox: Inbox) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        // The node itself limits how long a batch may take, as with all engines.
        .set_response_timeout(None)
        .set_push_sender(pushed_into(addresses, inbox))
}

/// Called by the task that reads a connection, so that nothing waits in between.
pub(super) fn pushed_into(
    addresses: &Arc<Addresses>,
    inbox: Inbox,
) -> impl Fn(PushInfo) -> Result<(), redis::aio::SendError> + Send + Sync + 'static {
    let addresses = addresses.clone();
    move |PushInfo { kind, data }| {
        match kind {
            PushKind::Message | PushKind::SMessage => {
                let mut parts = data.into_iter();
                if let (Some(Value::BulkString(name)), Some(Value::BulkString(payload))) =
                    (parts.next(), parts.next())
                    && let Some(address) = addresses.get(&name)
                {
                    inbox.receive(address, Bytes::from(payload));
                }
            }
            // A server that takes over a shard of another one ends the subscription to it.
            PushKind::Disconnection | PushKind::SUnsubscribe => {
                inbox.lost(AdapterError::new("the server has ended the connection"));
            }
            _ => {}
        }
        Ok(())
    }
}
