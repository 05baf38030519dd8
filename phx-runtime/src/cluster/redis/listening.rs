//! What a server pushes.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use redis::{AsyncConnectionConfig, PushInfo, PushKind, Value};

use crate::cluster::{adapter_error::AdapterError, address::Address, inbox::Inbox};

/// How long a server may take to be connected to, and to answer. What it did not confirm may have
/// been sent all the same.
pub(super) const PATIENCE: Duration = Duration::from_secs(4);

/// The addresses of a node, by their names on the server.
pub(super) struct Addresses(HashMap<String, Address>);

impl Addresses {
    pub(super) fn of(inbox: &Inbox, channels: u16) -> Self {
        let all = (0..channels).map(Address::Channel).chain([Address::Node(inbox.node())]);
        Self(all.map(|address| (address.name(inbox.application(), ':'), address)).collect())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    fn get(&self, name: &[u8]) -> Option<Address> {
        self.0.get(std::str::from_utf8(name).ok()?).copied()
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
