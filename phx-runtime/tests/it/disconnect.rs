//! Disconnecting a client whose connection is about to be established.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use phx_runtime::Endpoint;

use crate::support::{
    clock::{time_until, until},
    everybody::{EVERYBODY, User},
    http_client,
    raw_client::{RawClient, SOCKET},
    server::serve,
};

/// Where the log goes: it disconnects everybody with each line that says that one was let in.
#[derive(Clone, Default)]
struct Gate(Arc<OnceLock<Endpoint>>);

impl io::Write for Gate {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if line.windows(9).any(|word| word == b"CONNECTED") {
            self.0.get().unwrap().disconnect(EVERYBODY);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn start() -> (Endpoint, SocketAddr) {
    let endpoint = Endpoint::builder().socket::<User>().build().unwrap();
    let address = serve(&endpoint).await;
    (endpoint, address)
}

async fn nobody_is_left(endpoint: &Endpoint) {
    time_until(until(|| endpoint.connections() == 0)).await;
    assert_eq!(endpoint.subscribers(EVERYBODY), 0);
}

#[tokio::test]
async fn whoever_is_disconnected_right_after_connect_is_closed() {
    let gate = Gate::default();
    let writer = gate.clone();
    let lines = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone());
    let _guard = tracing::subscriber::set_default(lines.finish());
    let (endpoint, at) = start().await;
    gate.0.set(endpoint.clone()).unwrap();
    let mut clients = Vec::new();
    for _ in 0..200 {
        clients.push(RawClient::connect(at, SOCKET, "").await);
    }
    for client in &mut clients {
        assert_eq!(client.closed_with().await, Some(1001));
    }
    drop(clients);
    for _ in 0..20 {
        // The session begins, and its first poll says that it is gone: it opens another one.
        let client = http_client::Client::open(at, "/socket/longpoll?vsn=2.0.0").await;
        assert_eq!(client.poll().await.status(), 410);
    }
    nobody_is_left(&endpoint).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_of_many_survives_a_disconnect_after_its_answer() {
    let (endpoint, at) = start().await;
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let endpoint = endpoint.clone();
        clients.spawn(async move {
            let mut client = RawClient::connect(at, SOCKET, "").await;
            endpoint.disconnect(EVERYBODY);
            assert_eq!(client.closed_with().await, Some(1001));
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    nobody_is_left(&endpoint).await;
}
