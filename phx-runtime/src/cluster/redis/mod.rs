//! Redis and Valkey: one server, the one that Sentinel names, or a Redis Cluster.
//!
//! Of the crate `redis` only single connections are used. Its `ConnectionManager` gives up after some
//! tries, without a word to who only listens; connecting again is the node's own work here, as with
//! all engines.

mod listening;
mod sharded;
mod single;
mod url;

use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture};

use self::{
    listening::Addresses,
    url::{RedisUrl, Servers},
};
use super::{
    adapter::{Adapter, Link},
    adapter_error::AdapterError,
    error::ClusterConfigError,
    inbox::Inbox,
};

/// How large payloads are at most. More of them than a reader takes are cut off by the server, which
/// holds back 32 MB for each.
const MAX_PAYLOAD: usize = 512 * 1024;

/// Over how many channels topics are spread in a Redis Cluster, where each is a server's alone.
const SHARDS: u16 = 64;

/// The adapter for Redis.
pub(crate) struct RedisAdapter {
    url: RedisUrl,
    channel: Option<Arc<str>>,
}

impl RedisAdapter {
    pub(super) fn new(url: &str) -> Result<Self, ClusterConfigError> {
        Ok(Self { url: RedisUrl::parse(url)?, channel: None })
    }

    /// One whose channel has a name that others gave it.
    #[cfg(feature = "phoenix")]
    pub(crate) fn on_channel(url: &str, channel: &str) -> Result<Self, ClusterConfigError> {
        Ok(Self { url: RedisUrl::parse(url)?, channel: Some(channel.into()) })
    }
}

impl Adapter for RedisAdapter {
    fn name(&self) -> &'static str {
        match self.url.servers {
            Servers::One(_) => "redis",
            Servers::Sentinel { .. } => "redis+sentinel",
            Servers::Cluster(_) => "redis+cluster",
        }
    }

    fn max_payload(&self) -> usize {
        MAX_PAYLOAD
    }

    fn channels(&self) -> u16 {
        match self.url.servers {
            Servers::One(_) | Servers::Sentinel { .. } => 1,
            Servers::Cluster(_) => SHARDS,
        }
    }

    fn connect(&self, inbox: Inbox) -> BoxFuture<'_, Result<Box<dyn Link>, AdapterError>> {
        async move {
            if self.url.is_encrypted {
                choose_cryptography();
            }
            let addresses = Arc::new(Addresses::of(&inbox, self.channels(), self.channel.as_ref()));
            match &self.url.servers {
                Servers::Cluster(servers) => {
                    sharded::connect(servers, &addresses, inbox).await.map_err(AdapterError::new)
                }
                servers => single::connect(servers, &addresses, inbox).await,
            }
        }
        .boxed()
    }
}

/// The crate takes what the process has chosen, and panics if that is nothing.
fn choose_cryptography() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Somebody else may have been faster, which is as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}
