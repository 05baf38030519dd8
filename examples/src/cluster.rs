//! Being one of several nodes, as the environment says.

use std::env;

use phx_runtime::{cluster::Cluster, server::Builder};

/// Takes what is set of `SECRET`, `CLUSTER` and `NODE`: what the endpoint's tokens are signed with, the
/// URL of the engine between nodes, such as `redis://127.0.0.1/` or `nats://127.0.0.1/`, and this node's
/// name.
pub fn with_environment(mut builder: Builder) -> Builder {
    if let Ok(secret) = env::var("SECRET") {
        builder = builder.secret(secret);
    }
    if let Ok(url) = env::var("CLUSTER") {
        let mut cluster = Cluster::url(url);
        if let Ok(name) = env::var("NODE") {
            cluster = cluster.node(name);
        }
        builder = builder.cluster(cluster);
    }
    builder
}
