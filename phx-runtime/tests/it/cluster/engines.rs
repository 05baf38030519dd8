//! The promises over real engines, and what happens when those go.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use phx_runtime::{
    cluster::{Cluster, ClusterErrorKind, ClusterEvent, ClusterEvents},
    json, testing,
};
use tokio::time::timeout;

use super::support::{User, endpoint, heard, joined, nodes_over, until};
use crate::support::{
    engines::Server,
    everybody::EVERYBODY,
    patience::{PATIENCE, eventually, soon},
    ports::free_port,
};

/// Loses nothing, however slow the machine is.
fn patient(url: &str) -> Cluster {
    let long = Duration::from_hours(1);
    Cluster::url(url).heartbeat(long / 4).down_after(long).max_age(long).start_timeout(PATIENCE)
}

/// Heartbeats tell soon what was lost.
pub(super) fn watchful(url: &str) -> Cluster {
    patient(url).heartbeat(Duration::from_millis(500))
}

async fn promises(url: &str) {
    let [a, b, c] = nodes_over(|| patient(url)).await;
    let mut at_b: Vec<_> = (0..10).map(|topic| b.subscribe(format!("t:{topic}"))).collect();
    let mut at_c = c.subscribe("t:3");
    for number in 0..5000_u64 {
        a.broadcast(format!("t:{}", number % 10), "e", number);
        if number % 256 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let expected = |topic: u64| (0..500).map(|n| n * 10 + topic).collect::<Vec<_>>();
    for (topic, subscription) in (0..).zip(&mut at_b) {
        assert_eq!(heard(subscription, 500).await, expected(topic));
    }
    assert_eq!(heard(&mut at_c, 500).await, expected(3));
    let large = "x".repeat(3_000_000);
    a.broadcast("t:3", "e", &large);
    assert!(soon(at_c.recv()).await.unwrap().decode::<String>().unwrap() == large);
    let node_b = a.nodes().into_iter().find(|node| node.name() == "n1").unwrap();
    a.broadcast_to(&node_b, "t:3", "e", 7_u64).unwrap();
    soon(at_b[3].recv()).await.unwrap();
    assert_eq!(heard(&mut at_b[3], 1).await, [7]);
    assert_eq!(a.subscribers_everywhere("t:3").await, Ok(2));
    let client = testing::connect::<User>(&c, json!({})).await.unwrap();
    a.disconnect(EVERYBODY);
    assert_eq!(soon(client.closed()).await.unwrap().get(), 1001);
    let mut events = a.cluster_events();
    b.leave_cluster().await;
    until(&mut events, |event| *event == ClusterEvent::Down(node_b.clone())).await;
    a.leave_cluster().await;
    c.leave_cluster().await;
}

/// Sends on while there is trouble, and adds up what arrives and what is told to be lost. Clients of
/// the sender's node hear all of it meanwhile. Gives how many are lost.
pub(super) async fn lost_in(
    cluster: impl Fn() -> Cluster,
    trouble: impl AsyncFnOnce(Witness),
) -> u64 {
    let [a, b] = nodes_over(cluster).await;
    let (mut at_a, mut at_b, mut events) = (a.subscribe("t"), b.subscribe("t"), b.cluster_events());
    let (sent, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let witness = Witness { sent: sent.clone(), events: b.cluster_events() };
    let sending = {
        let (sent, stop) = (sent.clone(), stop.clone());
        tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let number = sent.fetch_add(1, Ordering::Relaxed);
                a.broadcast("t", "e", number);
                assert_eq!(heard(&mut at_a, 1).await, [number]);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            a
        })
    };
    let (mut received, mut missed) = (Vec::new(), 0);
    let mut trouble = pin!(trouble(witness));
    let (mut over_at, mut all) = (None, None);
    let adding_up = async {
        while all.is_none_or(|all| received.len() as u64 + missed < all) {
            tokio::select! {
                () = &mut trouble, if over_at.is_none() => {
                    over_at = Some(sent.load(Ordering::Relaxed));
                }
                message = at_b.recv() => {
                    let number: u64 = message.unwrap().decode().unwrap();
                    received.push(number);
                    // What was sent after the trouble arrives: no more is needed.
                    if over_at.is_some_and(|over_at| number > over_at + 20) {
                        stop.store(true, Ordering::Relaxed);
                    }
                }
                event = events.recv() => {
                    if let ClusterEvent::Gap { missed: more, .. } = event.unwrap() {
                        missed += more;
                    }
                }
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
            if sending.is_finished() {
                all = Some(sent.load(Ordering::Relaxed));
            }
        }
    };
    let is_over = timeout(PATIENCE, adding_up).await;
    let (count, all) = (received.len() as u64, sent.load(Ordering::Relaxed));
    assert!(is_over.is_ok(), "{count} arrived and {missed} are told to be lost, of {all}");
    assert!(received.is_sorted_by(|one, other| one < other), "{received:?}");
    assert_eq!(count + missed, all);
    drop(sending.await.unwrap());
    missed
}

/// Whoever makes trouble knows by this what goes on meanwhile.
pub(super) struct Witness {
    sent: Arc<AtomicU64>,
    events: ClusterEvents,
}

impl Witness {
    /// Waits until so many more have been sent.
    pub(super) async fn more_sent(&self, count: u64) {
        let wanted = self.sent.load(Ordering::Relaxed) + count;
        eventually(|| self.sent.load(Ordering::Relaxed) >= wanted).await;
    }
}

/// The engine is killed, and started again after a while.
async fn an_outage_is_survived(url: &str, server: &mut Server) {
    lost_in(
        || watchful(url),
        async |mut witness| {
            witness.more_sent(30).await;
            server.kill();
            until(&mut witness.events, |event| *event == ClusterEvent::Disconnected).await;
            witness.more_sent(100).await;
            server.restart();
        },
    )
    .await;
}

/// The engine stands still for less than its silence is noticed.
async fn a_pause_loses_nothing(url: &str, server: &Server) {
    let lost = lost_in(
        || patient(url),
        async |witness| {
            witness.more_sent(30).await;
            server.freeze();
            witness.more_sent(100).await;
            server.go_on();
        },
    )
    .await;
    assert_eq!(lost, 0);
}

async fn conforms_and_keeps_the_promises(url: &str) {
    testing::adapter::conforms(|| patient(url)).await;
    promises(url).await;
}

async fn goes_and_comes_back(scheme: &str, mut server: Server) {
    let url = server.url(scheme);
    a_pause_loses_nothing(&url, &server).await;
    an_outage_is_survived(&url, &mut server).await;
}

#[tokio::test]
async fn redis_conforms_and_keeps_the_promises() {
    let server = Server::redis();
    conforms_and_keeps_the_promises(&server.url("redis")).await;
}

#[tokio::test]
async fn a_redis_cluster_conforms_and_keeps_the_promises() {
    let [one, other] = Server::redis_cluster();
    let url = format!("{},127.0.0.1:{}", one.url("redis+cluster"), other.port());
    conforms_and_keeps_the_promises(&url).await;
}

#[tokio::test]
async fn the_redis_that_sentinel_names_keeps_the_promises() {
    let server = Server::redis();
    let sentinel = Server::sentinel(&server);
    promises(&(sentinel.url("redis+sentinel") + "/main")).await;
}

#[tokio::test]
async fn nats_conforms_and_keeps_the_promises() {
    let server = Server::nats();
    conforms_and_keeps_the_promises(&server.url("nats")).await;
}

#[tokio::test]
async fn redis_may_go_and_come_back() {
    goes_and_comes_back("redis", Server::redis()).await;
}

#[tokio::test]
async fn nats_may_go_and_come_back() {
    goes_and_comes_back("nats", Server::nats()).await;
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_an_error_at_start_or_a_warning() {
    for scheme in ["redis", "nats"] {
        let url = format!("{scheme}://127.0.0.1:{}", free_port());
        let cluster = || Cluster::url(&url).start_timeout(Duration::from_millis(500));
        let error = endpoint(cluster()).join_cluster().await.unwrap_err();
        assert_eq!(error.kind(), ClusterErrorKind::Unreachable);
        assert!(error.to_string().contains(scheme), "{error}");
        joined(cluster().required(false)).await;
    }
}
