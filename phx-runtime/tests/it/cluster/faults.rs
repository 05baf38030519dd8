//! Engines that lose, repeat, reorder, delay and go; nodes that are cut off and die.

use std::time::Duration;

use phx_runtime::{
    Endpoint,
    cluster::{Address, Cluster, ClusterEvent, Faults, Hub},
};

use super::support::{endpoint, heard, joined, nodes, until};
use crate::support::logs::Logs;
use crate::support::patience::eventually;

/// All that arrives and all that is told to be lost.
async fn received_and_missed(b: &Endpoint, send: impl AsyncFnOnce()) -> (Vec<u64>, u64) {
    let (mut at_b, mut events) = (b.subscribe("t"), b.cluster_events());
    send().await;
    // Two heartbeats tell what was the last.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let (mut received, mut missed) = (Vec::new(), 0);
    loop {
        tokio::select! {
            biased;
            event = events.recv() => {
                if let ClusterEvent::Gap { missed: more, .. } = event.unwrap() {
                    missed += more;
                }
            }
            message = at_b.recv() => received.push(message.unwrap().decode().unwrap()),
            () = tokio::time::sleep(Duration::from_millis(1)) => return (received, missed),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_is_counted_and_nothing_comes_twice_or_out_of_order() {
    let (mut lost, mut runs_with_loss) = (0, 0);
    for seed in 0..100 {
        let hub = Hub::with_seed(seed);
        let [a, b] = nodes(&hub).await;
        let bits = |bit: u64| f64::from(u8::from(seed & bit != 0));
        let (received, missed) = received_and_missed(&b, async || {
            hub.set_faults(Faults {
                drop: 0.2 * bits(1),
                repeat: 0.3 * bits(2),
                reorder: 0.2 * bits(4),
                delay: Duration::from_millis(40).mul_f64(bits(8)),
            });
            for number in 0..200_u64 {
                a.broadcast("t", "e", number);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            hub.set_faults(Faults::none());
        })
        .await;
        assert!(received.is_sorted_by(|one, other| one < other), "{seed}: {received:?}");
        assert_eq!(received.len() as u64 + missed, 200, "{seed}");
        lost += missed;
        runs_with_loss += u64::from(missed > 0);
        if seed & (1 | 4) == 0 {
            assert_eq!(missed, 0, "{seed}");
        }
    }
    assert!(lost > 1000 && runs_with_loss >= 70, "{lost} in {runs_with_loss} runs");
}

#[tokio::test(start_paused = true)]
async fn a_lost_last_message_is_found_out_by_the_next_heartbeat() {
    let hub = Hub::new();
    let [a, b] = nodes(&hub).await;
    let (received, missed) = received_and_missed(&b, async || {
        a.broadcast("t", "e", 1_u64);
        tokio::time::sleep(Duration::from_millis(10)).await;
        hub.set_faults(Faults { drop: 1.0, ..Faults::none() });
        a.broadcast("t", "e", 2_u64);
        tokio::time::sleep(Duration::from_millis(10)).await;
        hub.set_faults(Faults::none());
    })
    .await;
    assert_eq!((received, missed), (vec![1], 1));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_dies_is_down_after_its_time() {
    let hub = Hub::new();
    let [a, b] = nodes(&hub).await;
    let mut events = a.cluster_events();
    let before = tokio::time::Instant::now();
    hub.kill(1);
    let node_b = b.node().unwrap();
    until(&mut events, |event| *event == ClusterEvent::Down(node_b.clone())).await;
    let time = before.elapsed();
    assert!((8..=11).contains(&time.as_secs()), "{time:?}");
    assert_eq!(a.nodes(), []);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_was_cut_off_comes_back_and_what_it_missed_is_told() {
    let hub = Hub::new();
    let [a, b] = nodes(&hub).await;
    let mut events = b.cluster_events();
    a.broadcast("t", "e", 0_u64);
    tokio::time::sleep(Duration::from_secs(3)).await;
    hub.partition([vec![0], vec![1]]);
    for number in 0..10_u64 {
        a.broadcast("t", "e", number);
    }
    until(&mut events, |event| matches!(event, ClusterEvent::Down(_))).await;
    hub.heal();
    until(&mut events, |event| matches!(event, ClusterEvent::Up(_))).await;
    let gap = until(&mut events, |event| matches!(event, ClusterEvent::Gap { .. })).await;
    assert_eq!(gap, ClusterEvent::Gap { node: a.node().unwrap(), missed: 10 });
    let mut at_b = b.subscribe("t");
    a.broadcast("t", "e", 11_u64);
    assert_eq!(heard(&mut at_b, 1).await, [11]);
}

#[tokio::test(start_paused = true)]
async fn while_the_engine_is_away_clients_of_a_node_go_on_and_a_short_outage_loses_nothing() {
    let hub = Hub::new();
    let [a, b] = nodes(&hub).await;
    let (mut at_a, mut at_b) = (a.subscribe("t"), b.subscribe("t"));
    let (mut of_a, mut of_b) = (a.cluster_events(), b.cluster_events());
    hub.stop();
    until(&mut of_a, |event| *event == ClusterEvent::Disconnected).await;
    until(&mut of_b, |event| *event == ClusterEvent::Disconnected).await;
    for number in 0..10_u64 {
        a.broadcast("t", "e", number);
    }
    assert_eq!(heard(&mut at_a, 10).await, (0..10).collect::<Vec<_>>());
    // Both are there again before what waits is sent, or it is told as lost.
    hub.start();
    until(&mut of_a, |event| *event == ClusterEvent::Connected).await;
    until(&mut of_b, |event| *event == ClusterEvent::Connected).await;
    a.broadcast("t", "e", 10_u64);
    let (mut received, mut missed) = (Vec::new(), 0);
    while received.len() as u64 + missed < 11 {
        tokio::select! {
            message = at_b.recv() => received.push(message.unwrap().decode::<u64>().unwrap()),
            event = of_b.recv() => {
                if let ClusterEvent::Gap { missed: more, .. } = event.unwrap() {
                    missed += more;
                }
            }
        }
    }
    assert_eq!(received.last(), Some(&10));
    assert!(received.is_sorted());
}

#[tokio::test(start_paused = true)]
async fn what_waits_too_long_for_the_engine_is_dropped_and_told_to_the_others() {
    let hub = Hub::new();
    let [a, b] = nodes(&hub).await;
    let mut at_b = b.subscribe("t");
    let mut of_b = b.cluster_events();
    hub.stop();
    for number in 0..10_u64 {
        a.broadcast("t", "e", number);
    }
    tokio::time::sleep(Duration::from_secs(6)).await;
    hub.start();
    let gap = until(&mut of_b, |event| matches!(event, ClusterEvent::Gap { .. })).await;
    assert_eq!(gap, ClusterEvent::Gap { node: a.node().unwrap(), missed: 10 });
    a.broadcast("t", "e", 10_u64);
    assert_eq!(heard(&mut at_b, 1).await, [10]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_the_engine_is_bounded_and_told_to_the_others() {
    let hub = Hub::new();
    let small = || Cluster::adapter(hub.adapter()).max_message(1000).max_waiting(10_000);
    let [a, b] = super::support::nodes_over(small).await;
    let (received, missed) = received_and_missed(&b, async || {
        for number in 0..1000_u64 {
            a.broadcast("t", "e", number);
        }
    })
    .await;
    assert_eq!(received.len() as u64 + missed, 1000);
    assert!(missed > 500 && received.len() > 50, "{missed}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_of_this_cluster_is_ignored_with_a_line() {
    let logs = Logs::from("warn");
    let hub = Hub::new();
    let [a, b] = nodes(&hub).await;
    // Somebody with another secret, and nonsense.
    let other = Endpoint::builder().secret("some other secret of 20 bytes");
    let other = other.cluster(Cluster::adapter(hub.adapter())).build().unwrap();
    other.join_cluster().await.unwrap();
    other.broadcast("t", "e", 13_u64);
    for nonsense in [&b""[..], b"\x02", &[1; 27], &[1; 28], &[255; 1000]] {
        hub.inject(Address::Channel(0), nonsense.to_vec());
        hub.inject(Address::Node(b.node().unwrap().id()), nonsense.to_vec());
    }
    let mut at_b = b.subscribe("t");
    tokio::time::sleep(Duration::from_secs(5)).await;
    a.broadcast("t", "e", 1_u64);
    assert_eq!(heard(&mut at_b, 1).await, [1]);
    assert_eq!((a.nodes().len(), other.nodes().len()), (1, 0));
    assert!(logs.text().contains("Ignored what is not from this cluster"), "{}", logs.text());
}

#[tokio::test(start_paused = true)]
async fn a_node_without_handles_is_gone() {
    let hub = Hub::new();
    let [a, b] = nodes(&hub).await;
    drop(b);
    eventually(|| a.nodes().is_empty()).await;
    assert_eq!(format!("{hub:?}"), "Hub { connected: 1, .. }");
    let _ = endpoint(Cluster::adapter(hub.adapter()));
    let _never_joined = joined(Cluster::adapter(hub.adapter()).required(false)).await;
}
