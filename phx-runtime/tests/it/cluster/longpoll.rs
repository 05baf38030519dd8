//! Long-polling clients whose requests reach any node.

use std::time::Duration;

use phx_runtime::{
    Endpoint,
    cluster::{Cluster, Faults, Hub},
    json,
};
use serde_json::Value;

use super::support::nodes_over;
use crate::support::{
    clock::{self, time_until},
    http_client::{Answer, Client},
    patience::eventually,
    server::serve,
};

/// Two nodes, and a client of the first that has joined a room.
async fn client_of_two(hub: &Hub) -> ([Endpoint; 2], [Client; 2]) {
    let cluster = || {
        Cluster::adapter(hub.adapter())
            .heartbeat(Duration::from_secs(2))
            .down_after(Duration::from_secs(10))
    };
    // No node takes another for dead because the machine is slow.
    let _still = clock::stop();
    let (_, nodes): (_, [Endpoint; 2]) = time_until(nodes_over(cluster)).await;
    let there = serve(&nodes[1]).await;
    let here = Client::open(serve(&nodes[0]).await, "/socket/longpoll?vsn=2.0.0").await;
    let there = Client { address: there, ..here.clone() };
    assert_eq!(there.post(r#"["1","1","room:1","phx_join",{}]"#).await, 200);
    assert!(there.receive(1).await[0].contains(r#""status":"ok""#));
    (nodes, [here, there])
}

async fn polled(client: &Client) -> Answer {
    time_until(client.poll()).await.1
}

/// Posts numbers at one node and the other in turn, while polls go to both, and checks what comes.
async fn says_and_hears(clients: [Client; 2], count: u64) {
    let posting = clients.clone();
    let posts = tokio::spawn(async move {
        for (number, client) in (0..count).zip(posting.iter().cycle()) {
            let message = format!(r#"["1","2","room:1","all",{number}]"#);
            assert_eq!(time_until(client.post(&message)).await.1, 200, "{number}");
        }
    });
    let mut heard = Vec::new();
    for client in clients.iter().cycle() {
        let answer = polled(client).await;
        assert!(matches!(answer.status(), 200 | 204), "{answer:?}");
        for message in answer.messages() {
            let message: Value = serde_json::from_str(&message).unwrap();
            assert_eq!(message[3], "said");
            heard.push(message[4].as_u64().unwrap());
        }
        if heard.len() as u64 >= count {
            break;
        }
    }
    assert_eq!(heard, (0..count).collect::<Vec<_>>());
    posts.await.unwrap();
}

#[tokio::test]
async fn requests_are_answered_by_whichever_node_they_reach() {
    let hub = Hub::new();
    let (_nodes, clients) = client_of_two(&hub).await;
    says_and_hears(clients.clone(), 100).await;
    let [_, there] = clients;
    let lines = r#"["1","3","room:1","all",7]"#.to_owned() + "\n!!!\n";
    assert_eq!(there.post_as("application/x-ndjson", &lines).await, 400);
    assert_eq!(there.receive(1).await.len(), 1);
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_over_an_engine_that_loses_and_repeats() {
    let hub = Hub::with_seed(1);
    let (_nodes, clients) = client_of_two(&hub).await;
    hub.set_faults(Faults { drop: 0.02, repeat: 0.2, ..Faults::none() });
    says_and_hears(clients, 40).await;
}

#[tokio::test]
async fn a_client_that_goes_away_while_it_polls_elsewhere_loses_nothing() {
    let hub = Hub::new();
    let ([a, _b], [here, there]) = client_of_two(&hub).await;
    for round in 0..5_u64 {
        let poll = there.open_poll().await;
        poll.abort();
        assert!(poll.await.unwrap_err().is_cancelled());
        a.broadcast("room:1", "said", json!(round));
        let client = if round % 2 == 0 { &here } else { &there };
        let heard = client.receive(1).await;
        assert!(heard[0].ends_with(&format!(r#""said",{round}]"#)), "{heard:?}");
    }
}

#[tokio::test]
async fn a_session_is_gone_at_every_node_when_its_own_stops() {
    let hub = Hub::new();
    let ([a, b], [_, there]) = client_of_two(&hub).await;
    let poll = there.open_poll().await;
    time_until(a.drain()).await;
    let mut status = poll.await.unwrap().status();
    while status == 200 {
        status = polled(&there).await.status();
    }
    assert_eq!(status, 410);
    time_until(eventually(|| b.nodes().is_empty())).await;
    assert_eq!(there.post("[]").await, 410);
    comes_back(&there).await;
}

#[tokio::test]
async fn a_session_is_gone_when_its_node_died_and_its_time_is_over() {
    let hub = Hub::new();
    let ([_a, b], [_, there]) = client_of_two(&hub).await;
    hub.kill(0);
    while polled(&there).await.status() == 204 {}
    time_until(eventually(|| b.nodes().is_empty())).await;
    assert_eq!(there.post("[]").await, 410);
    comes_back(&there).await;
}

/// The client opens another session where it is.
async fn comes_back(client: &Client) {
    let client = Client { path: "/socket/longpoll?vsn=2.0.0".to_owned(), ..client.clone() };
    let answer = client.poll().await;
    assert_eq!(answer.status(), 410);
    let again = Client { token: answer.token(), ..client.clone() };
    assert_eq!(again.post(r#"["1","1","room:1","phx_join",{}]"#).await, 200);
    assert!(again.receive(1).await[0].contains(r#""status":"ok""#));
}
