//! Proves that an [`Adapter`] carries what nodes send each other.
//!
//! ```
//! use phx_runtime::{cluster::{Cluster, Hub}, testing::adapter};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let hub = Hub::new();
//! adapter::conforms(|| Cluster::adapter(hub.adapter())).await;
//! # }
//! ```

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;

use crate::cluster::{
    Adapter, AdapterError, Address, Arrival, Arrivals, Cluster, Inbox, Link, NodeId, Parcel,
};

/// How long payloads may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A node without anything above its adapter.
struct Bare {
    id: NodeId,
    link: Box<dyn Link>,
    inbox: Inbox,
    arrivals: Arrivals,
    arrived: Vec<Arrival>,
}

/// Runs all checks, each with nodes of its own. `make` gives a cluster with a new adapter at each call,
/// all to one engine, which nobody else uses the applications `phx-conformance` and `phx-other` on meanwhile.
///
/// # Panics
///
/// Panics with the check that failed, or if the cluster's URL is wrong.
pub async fn conforms(make: impl Fn() -> Cluster) {
    let make = || match make().into_adapter() {
        Ok(adapter) => adapter,
        Err(error) => panic!("{error}"),
    };
    let max = make().max_payload();
    assert!(max >= 4096, "payloads of 4,096 bytes fit, and more may: {max}");
    assert!(make().channels() > 0, "there is a channel");
    a_node_knows_that_it_is_heard(&make).await;
    everybody_hears_all_channels(&make).await;
    order_is_kept(&make).await;
    one_node_is_spoken_to_alone(&make).await;
    bytes_of_every_kind_and_number_pass(&make).await;
    senders_do_not_mix(&make).await;
    applications_do_not_hear_each_other(&make).await;
    who_has_gone_hears_nothing(&make).await;
}

impl Bare {
    async fn connect(adapter: &Arc<dyn Adapter>, application: &str) -> Self {
        let id = NodeId::random();
        let (inbox, arrivals) = Inbox::new(id, application, None);
        let connected = tokio::time::timeout(PATIENCE, adapter.connect(inbox.clone())).await;
        let link = match connected.unwrap_or_else(|_| Err(AdapterError::new("it takes too long"))) {
            Ok(link) => link,
            Err(error) => panic!("cannot connect: {error}"),
        };
        Self { id, link, inbox, arrivals, arrived: Vec::new() }
    }

    async fn send(&mut self, parcels: Vec<Parcel>) {
        if let Err(error) = self.link.send(parcels).await {
            panic!("cannot send: {error}");
        }
    }

    /// Waits until all that it was sent so far is here, what it sent itself too if that comes back:
    /// `other` says that it is the end.
    async fn until_the_end(&mut self, other: &mut Self, check: &str) -> Vec<Bytes> {
        other.send(vec![parcel(Address::Channel(0), "the end")]).await;
        let mut heard = Vec::new();
        loop {
            match self.hear(1, check).await.remove(0).payload {
                end if end == "the end" => return heard,
                payload => heard.push(payload),
            }
        }
    }

    /// The next payloads, so many.
    async fn hear(&mut self, count: usize, check: &str) -> Vec<Arrival> {
        let waiting = async {
            while self.arrived.len() < count {
                self.arrivals.recv_many(&mut self.arrived, count).await;
            }
        };
        let over = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(over.is_ok(), "{check}: {} of {count} payloads arrived", self.arrived.len());
        self.arrived.drain(..count).collect()
    }
}

fn parcel(to: Address, payload: impl Into<Bytes>) -> Parcel {
    Parcel { to, payload: payload.into() }
}

async fn pair(make: &impl Fn() -> Arc<dyn Adapter>) -> (Bare, Bare) {
    let application = "phx-conformance";
    (Bare::connect(&make(), application).await, Bare::connect(&make(), application).await)
}

async fn a_node_knows_that_it_is_heard(make: &impl Fn() -> Arc<dyn Adapter>) {
    let check = "what a node sends to the channels comes back to it, or a probe is answered";
    let mut node = Bare::connect(&make(), "phx-conformance").await;
    for time in 0..3_u8 {
        node.send(vec![parcel(Address::Channel(0), vec![time])]).await;
        if let Err(error) = node.link.probe().await {
            panic!("{check}: {error}");
        }
        let inbox = node.inbox.clone();
        let sign = async {
            tokio::select! {
                echo = node.hear(1, check) => assert_eq!(echo[0].payload, vec![time], "{check}"),
                () = inbox.until_heard() => {}
            }
        };
        assert!(tokio::time::timeout(PATIENCE, sign).await.is_ok(), "{check}");
    }
}

async fn everybody_hears_all_channels(make: &impl Fn() -> Arc<dyn Adapter>) {
    let check = "what is sent to a channel arrives at all other nodes, and names the channel";
    let channels = make().channels();
    let (mut a, mut b) = pair(make).await;
    let mut c = Bare::connect(&make(), "phx-conformance").await;
    let number = |channel: u16| channel.to_be_bytes().to_vec();
    let all = (0..channels).map(|channel| parcel(Address::Channel(channel), number(channel)));
    a.send(all.collect()).await;
    for node in [&mut b, &mut c] {
        let mut heard = node.hear(channels.into(), check).await;
        heard.sort_by(|one, other| one.payload.cmp(&other.payload));
        for (channel, Arrival { on, payload }) in (0..channels).zip(heard) {
            assert_eq!(
                (on, payload),
                (Address::Channel(channel), number(channel).into()),
                "{check}"
            );
        }
    }
}

async fn order_is_kept(make: &impl Fn() -> Arc<dyn Adapter>) {
    const COUNT: u32 = 2000;
    let check = "payloads of one node to one address arrive in order, also in several calls";
    let (mut a, mut b) = pair(make).await;
    for batch in 0..COUNT / 20 {
        let numbers = batch * 20..batch * 20 + 20;
        let all = numbers.map(|n| parcel(Address::Channel(0), n.to_be_bytes().to_vec()));
        a.send(all.collect()).await;
    }
    let heard = b.hear(COUNT as usize, check).await;
    for (number, arrival) in (0..COUNT).zip(heard) {
        assert_eq!(arrival.payload, number.to_be_bytes()[..], "{check}");
    }
}

async fn one_node_is_spoken_to_alone(make: &impl Fn() -> Arc<dyn Adapter>) {
    let check = "what is sent to a node arrives there, names it, and arrives nowhere else";
    let (mut a, mut b) = pair(make).await;
    let mut c = Bare::connect(&make(), "phx-conformance").await;
    let to_b = Address::Node(b.id);
    let to_nobody = parcel(Address::Node(NodeId::random()), "for nobody");
    a.send(vec![to_nobody, parcel(to_b, "for b"), parcel(Address::Channel(0), "for all")]).await;
    let mut heard = b.hear(2, check).await;
    heard.sort_by_key(|arrival| arrival.payload.len());
    assert_eq!((heard[0].on, &heard[0].payload[..]), (to_b, &b"for b"[..]), "{check}");
    // What was sent to somebody alone would be here by then.
    assert_eq!(c.until_the_end(&mut a, check).await, ["for all"], "{check}");
    assert!(b.until_the_end(&mut c, check).await.is_empty(), "{check}");
}

async fn bytes_of_every_kind_and_number_pass(make: &impl Fn() -> Arc<dyn Adapter>) {
    let check = "payloads up to `max_payload` arrive byte by byte";
    let max = make().max_payload();
    let (mut a, mut b) = pair(make).await;
    let kinds = |len: usize| (0..=u8::MAX).cycle().take(len).collect::<Vec<_>>();
    for len in [1, 2, 255, 256, 4096, max] {
        a.send(vec![parcel(Address::Channel(0), kinds(len))]).await;
        let heard = b.hear(1, check).await;
        assert!(heard[0].payload == kinds(len), "{check}: of {len} bytes");
    }
}

async fn senders_do_not_mix(make: &impl Fn() -> Arc<dyn Adapter>) {
    const COUNT: u32 = 500;
    let check = "each node's payloads arrive in order while others send";
    let (mut a, mut b) = pair(make).await;
    let mut c = Bare::connect(&make(), "phx-conformance").await;
    for number in 0..COUNT {
        for (name, node) in [(0, &mut a), (1, &mut b)] {
            let payload = [&[name][..], &number.to_be_bytes()].concat();
            node.send(vec![parcel(Address::Channel(0), payload)]).await;
        }
    }
    let mut next = HashMap::new();
    for arrival in c.hear(2 * COUNT as usize, check).await {
        let next = next.entry(arrival.payload[0]).or_insert(0_u32);
        assert_eq!(arrival.payload[1..], next.to_be_bytes(), "{check}");
        *next += 1;
    }
}

async fn applications_do_not_hear_each_other(make: &impl Fn() -> Arc<dyn Adapter>) {
    let check = "nodes of other applications hear nothing";
    let (mut a, mut b) = pair(make).await;
    let mut other = Bare::connect(&make(), "phx-other").await;
    let mut second = Bare::connect(&make(), "phx-other").await;
    let to_other = Address::Node(other.id);
    a.send(vec![parcel(Address::Channel(0), "ours"), parcel(to_other, "ours")]).await;
    assert_eq!(b.hear(1, check).await[0].payload, "ours", "{check}");
    assert!(other.until_the_end(&mut second, check).await.is_empty(), "{check}");
    assert!(b.until_the_end(&mut a, check).await.is_empty(), "{check}");
}

async fn who_has_gone_hears_nothing(make: &impl Fn() -> Arc<dyn Adapter>) {
    let check = "a link that is dropped ends, and the next one works";
    let adapter = make();
    let gone = Bare::connect(&adapter, "phx-conformance").await;
    drop(gone.link);
    let (mut a, mut b) = pair(make).await;
    let mut again = Bare::connect(&adapter, "phx-conformance").await;
    a.send(vec![parcel(Address::Channel(0), "hello")]).await;
    for node in [&mut b, &mut again] {
        assert_eq!(node.hear(1, check).await[0].payload, "hello", "{check}");
    }
}
