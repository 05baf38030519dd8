//! NATS, without `JetStream`: what it carries is gone once it is delivered.
//!
//! The client would connect again by itself, and then send what it has kept meanwhile, up to half a
//! minute old. So a connection that breaks is given up, and connecting again is the node's own work
//! here, as with all engines.

use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event, ServerAddr, StatusCode, Subject, Subscriber};
use futures_util::{FutureExt, StreamExt, future::BoxFuture};
use tokio::task::JoinSet;

use super::{
    adapter::{Adapter, Link},
    adapter_error::AdapterError,
    address::{Address, Parcel},
    error::ClusterConfigError,
    inbox::Inbox,
};

/// How long the server may take to be connected to.
const PATIENCE: Duration = Duration::from_secs(4);

/// How large payloads are at most. A server takes 1 MB unless it is told otherwise, and large ones
/// cost it more than several small ones.
const MAX_PAYLOAD: usize = 512 * 1024;

/// Payloads that may wait for the task that hands them on, which never waits itself.
const CAPACITY: usize = 64 * 1024;

/// The adapter for NATS.
pub(super) struct NatsAdapter {
    servers: Vec<ServerAddr>,
}

impl NatsAdapter {
    /// One server, or several of one cluster: `nats://a:4222,b:4222`.
    pub(super) fn new(url: &str) -> Result<Self, ClusterConfigError> {
        let scheme = url.split_once("://").map_or("nats", |(scheme, _)| scheme);
        let with_scheme = |server: &str| {
            if server.contains("://") { server.to_owned() } else { format!("{scheme}://{server}") }
        };
        let servers = url.split(',').map(|server| with_scheme(server).parse());
        // The URL itself may contain a password, and so may the error.
        let wrong = |_| ClusterConfigError::Url("the URL of NATS cannot be read".to_owned());
        Ok(Self { servers: servers.collect::<Result<_, _>>().map_err(wrong)? })
    }
}

impl Adapter for NatsAdapter {
    fn name(&self) -> &'static str {
        "nats"
    }

    fn max_payload(&self) -> usize {
        MAX_PAYLOAD
    }

    fn connect(&self, inbox: Inbox) -> BoxFuture<'_, Result<Box<dyn Link>, AdapterError>> {
        self.connect_once(inbox).boxed()
    }
}

impl NatsAdapter {
    async fn connect_once(&self, inbox: Inbox) -> Result<Box<dyn Link>, AdapterError> {
        let client =
            options(inbox.clone()).connect(&self.servers[..]).await.map_err(AdapterError::new)?;
        let taken = client.max_payload();
        if taken < MAX_PAYLOAD {
            let problem = format!("its `max_payload` of {taken} bytes is below {MAX_PAYLOAD}");
            return Err(AdapterError::new(problem));
        }
        let application = inbox.application().to_owned();
        let own = Address::Node(inbox.node());
        let subject = |address: Address| Subject::from(address.name(&application, '.'));
        let (all, direct) = (subject(Address::Channel(0)), subject(own));
        let subscribe = async |subject: &Subject| {
            client.subscribe(subject.clone()).await.map_err(AdapterError::new)
        };
        let (from_all, mut for_this) = (subscribe(&all).await?, subscribe(&direct).await?);
        // Once this is answered, the server knows of both.
        probe(&client, &direct).await?;
        for_this.next().await.ok_or_else(|| AdapterError::new("it has ended the connection"))?;
        // The client has a queue for each subscription, and no order between them. Nothing needs one:
        // each address has numbers of its own.
        let mut tasks = JoinSet::new();
        tasks.spawn(hand_on(from_all, Address::Channel(0), inbox.clone()));
        tasks.spawn(hand_on(for_this, own, inbox));
        Ok(Box::new(NatsLink { client, application, all, own: direct, _tasks: tasks }))
    }
}

fn options(inbox: Inbox) -> ConnectOptions {
    ConnectOptions::new()
        .connection_timeout(PATIENCE)
        .subscription_capacity(CAPACITY)
        // What a node publishes would come back to it otherwise, and be read for nothing.
        .no_echo()
        .event_callback(move |event| {
            if let Event::Disconnected | Event::Closed | Event::LameDuckMode = event {
                inbox.lost(AdapterError::new(event.to_string()));
            }
            std::future::ready(())
        })
}

/// Publishes to this node's own subject, to which only this connection listens, and that does not hear
/// itself. So the server answers, to the same subject, that nobody is there: it has read what this node
/// wrote, and this node reads what it writes.
async fn probe(client: &Client, own: &Subject) -> Result<(), AdapterError> {
    let nothing = bytes::Bytes::new();
    client
        .publish_with_reply(own.clone(), own.clone(), nothing)
        .await
        .map_err(AdapterError::new)?;
    client.flush().await.map_err(AdapterError::new)
}

async fn hand_on(mut subscriber: Subscriber, address: Address, inbox: Inbox) {
    while let Some(message) = subscriber.next().await {
        if message.status == Some(StatusCode::NO_RESPONDERS) {
            inbox.heard();
        } else {
            inbox.receive(address, message.payload);
        }
    }
    inbox.lost(AdapterError::new("a subscription has ended"));
}

/// Ends with its tasks, which hold the subscriptions.
struct NatsLink {
    client: Client,
    application: String,
    /// The subject of all nodes, to which most is sent, and this node's own.
    all: Subject,
    own: Subject,
    _tasks: JoinSet<()>,
}

impl Link for NatsLink {
    fn send(&mut self, parcels: Vec<Parcel>) -> BoxFuture<'_, Result<(), AdapterError>> {
        async move {
            for Parcel { to, payload } in parcels {
                let subject = match to {
                    Address::Channel(_) => self.all.clone(),
                    Address::Node(_) => to.name(&self.application, '.').into(),
                };
                self.client.publish(subject, payload).await.map_err(AdapterError::new)?;
            }
            // Ready when it is written, so that what comes meanwhile is gathered.
            self.client.flush().await.map_err(AdapterError::new)
        }
        .boxed()
    }

    fn probe(&mut self) -> BoxFuture<'_, Result<(), AdapterError>> {
        probe(&self.client, &self.own).boxed()
    }
}

#[cfg(test)]
mod tests {
    use async_nats::ServerAddr;

    use super::NatsAdapter;

    #[test]
    fn one_server_or_several_can_be_named() {
        assert_eq!(NatsAdapter::new("nats://a:4222").unwrap().servers.len(), 1);
        let several = NatsAdapter::new("tls://u:pass@a:1,b:2").unwrap().servers;
        assert_eq!(several.iter().map(ServerAddr::host).collect::<Vec<_>>(), ["a", "b"]);
        assert!(several.iter().all(ServerAddr::tls_required));
        let Err(error) = NatsAdapter::new("nats://u:pass@a:no port") else { panic!() };
        assert!(!error.to_string().contains("pass"), "{error}");
    }
}
