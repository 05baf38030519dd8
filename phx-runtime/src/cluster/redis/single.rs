//! One server: a connection that both listens and publishes. So what a node hears of its own comes with
//! the answer to its publishing, in one read, and a connection that is dead in one direction is not
//! taken for alive because of the other.

use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture};
use redis::{
    Client, RedisError,
    aio::MultiplexedConnection,
    sentinel::{SentinelClientBuilder, SentinelServerType},
};

use super::{
    listening::{Addresses, config},
    url::Servers,
};
use crate::cluster::{adapter::Link, adapter_error::AdapterError, address::Parcel, inbox::Inbox};

pub(super) async fn connect(
    servers: &Servers,
    addresses: &Arc<Addresses>,
    inbox: Inbox,
) -> Result<Box<dyn Link>, AdapterError> {
    let client = client(servers).await.map_err(AdapterError::new)?;
    let config = config(addresses, inbox);
    let mut connection = client
        .get_multiplexed_async_connection_with_config(&config)
        .await
        .map_err(AdapterError::new)?;
    let names: Vec<_> = addresses.names().collect();
    connection.subscribe(&names).await.map_err(AdapterError::new)?;
    Ok(Box::new(SingleLink { connection, addresses: addresses.clone() }))
}

async fn client(servers: &Servers) -> Result<Client, RedisError> {
    let (sentinels, master) = match servers {
        Servers::One(server) => return Client::open((**server).clone()),
        Servers::Cluster(servers) => return Client::open(servers[0].clone()),
        Servers::Sentinel { sentinels, master } => (sentinels, master),
    };
    let addresses = sentinels.iter().map(|sentinel| sentinel.addr().clone());
    let mut builder = SentinelClientBuilder::new(addresses, master, SentinelServerType::Master)?
        .set_client_to_redis_protocol(redis::ProtocolVersion::RESP3);
    let settings = sentinels[0].redis_settings();
    if let Some(name) = settings.username() {
        builder = builder.set_client_to_redis_username(name);
    }
    if let Some(password) = settings.password() {
        builder = builder.set_client_to_redis_password(password);
    }
    builder.build()?.async_get_client().await
}

struct SingleLink {
    connection: MultiplexedConnection,
    addresses: Arc<Addresses>,
}

impl Link for SingleLink {
    fn send(&mut self, parcels: Vec<Parcel>) -> BoxFuture<'_, Result<(), AdapterError>> {
        async move {
            let mut all = redis::pipe();
            for Parcel { to, payload } in &parcels {
                let name = self.addresses.name(*to);
                all.cmd("PUBLISH").arg(&*name).arg(&payload[..]).ignore();
            }
            all.query_async::<()>(&mut self.connection).await.map_err(AdapterError::new)
        }
        .boxed()
    }
}
