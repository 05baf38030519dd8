//! What a server pushes.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use redis::{AsyncConnectionConfig, PushInfo, PushKind, Value};

use crate::cluster::{adapter_error::AdapterError, address::Address, inbox::Inbox};

/// How long a server may take to be connected to, and to answer. What it did not confirm may have
/// been sent all the same.
pub(super) const PATIENCE: Duration = Duration::from_secs(4);

/// The addresses of a node, by their names on the server.
pub(super) struct Addresses {
    own: HashMap<String, Address>,
    application: Box<str>,
    /// The name of the only channel, if it has one that others gave it.
    channel: Option<Arc<str>>,
}

impl Addresses {
    pub(super) fn of(inbox: &Inbox, channels: u16, channel: Option<&Arc<str>>) -> Self {
        let (application, channel) = (inbox.application().into(), channel.cloned());
        let mut addresses = Self { own: HashMap::new(), application, channel };
        let all = (0..channels).map(Address::Channel).chain([Address::Node(inbox.node())]);
        addresses.own = all.map(|address| (addresses.name(address), address)).collect();
        addresses
    }

    /// What an address is called on the server.
    pub(super) fn name(&self, address: Address) -> String {
        match (&self.channel, address) {
            (Some(channel), Address::Channel(_)) => channel.to_string(),
            _ => address.name(&self.application, ':'),
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.own.keys()
    }

    fn get(&self, name: &[u8]) -> Option<Address> {
        self.own.get(std::str::from_utf8(name).ok()?).copied()
    }
}

/// How connections are made: what a server pushes goes into the inbox.
pub(super) fn config(addresses: &Arc<Addresses>, inbox: Inbox) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE))
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
