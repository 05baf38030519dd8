//! A Redis Cluster, whose servers divide the channels: what is published goes to one of them, and from
//! there to those who listen to that channel, instead of to every server.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::{
    FutureExt,
    future::{BoxFuture, try_join_all},
};
use redis::{ConnectionInfo, RedisError, cluster::ClusterClient, cluster_async::ClusterConnection};

use super::listening::{Addresses, PATIENCE, pushed_into};
use crate::cluster::{adapter::Link, adapter_error::AdapterError, address::Parcel, inbox::Inbox};

pub(super) async fn connect(
    servers: &[ConnectionInfo],
    addresses: &Arc<Addresses>,
    inbox: Inbox,
) -> Result<Box<dyn Link>, RedisError> {
    let client = ClusterClient::builder(servers.to_vec())
        .use_protocol(redis::ProtocolVersion::RESP3)
        .connection_timeout(PATIENCE)
        .response_timeout(PATIENCE)
        // The node connects again, so that nothing is published twice.
        .retries(1)
        .push_sender(pushed_into(addresses, inbox))
        .build()?;
    let connection = client.get_async_connection().await?;
    // Each channel is another server's.
    try_join_all(addresses.names().map(|name| {
        let mut connection = connection.clone();
        async move { connection.ssubscribe(name).await }
    }))
    .await?;
    Ok(Box::new(ShardedLink { connection, addresses: addresses.clone() }))
}

struct ShardedLink {
    connection: ClusterConnection,
    addresses: Arc<Addresses>,
}

impl Link for ShardedLink {
    fn send(&mut self, parcels: Vec<Parcel>) -> BoxFuture<'_, Result<(), AdapterError>> {
        async move {
            let mut by_name = BTreeMap::<_, Vec<_>>::new();
            for Parcel { to, payload } in parcels {
                by_name.entry(self.addresses.name(to)).or_default().push(payload);
            }
            // One after the other to a channel, and all channels at once.
            let all = by_name.into_iter().map(|(name, payloads)| {
                let mut connection = self.connection.clone();
                async move {
                    for payload in payloads {
                        let mut publish = redis::cmd("SPUBLISH");
                        publish.arg(&*name).arg(&payload[..]);
                        publish.query_async::<()>(&mut connection).await?;
                    }
                    Ok::<_, RedisError>(())
                }
            });
            try_join_all(all).await.map_err(AdapterError::new)?;
            Ok(())
        }
        .boxed()
    }
}
