//! Who keeps whom: nothing is left of a connection that is over.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::json;

use super::{Client, Lent, endpoint};
use crate::{
    channel::{Socket, detached},
    message::Reason,
    transport::RawSocket,
};

impl Client {
    /// As a transport ends a connection.
    async fn end(mut self) {
        self.socket.terminate(Reason::Closed, &self.connection).await;
        self.connection.abandon();
    }

    /// The handle of a channel that was joined.
    async fn lend(&mut self, lent: &Lent) -> Socket {
        self.send(json!(["1", "2", "room:a", "lend", {}]));
        let before = lent.0.lock().pop().unwrap();
        while self.recv().await[3] != "phx_reply" {}
        before
    }
}

/// Something of the application that is told to a channel, and holds a handle of it.
struct Letter {
    _socket: Socket,
    _counted: Arc<()>,
}

#[tokio::test(start_paused = true)]
async fn what_is_notified_after_the_end_of_a_connection_is_dropped() {
    let (endpoint, _) = endpoint();
    let lent = endpoint.state::<Lent>().unwrap().0;
    let mut client = Client::joined(&endpoint, "room:a").await;
    let socket = client.lend(&lent).await;
    let (connection, counted) = (client.connection.downgrade(), Arc::new(()));
    client.end().await;
    socket.notify(Letter { _socket: socket.clone(), _counted: counted.clone() });
    assert_eq!(Arc::strong_count(&counted), 1);
    drop(socket);
    assert!(connection.upgrade().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_handle_without_a_client_keeps_nothing_that_it_is_notified_of() {
    let counted = Arc::new(());
    let (endpoint, _) = endpoint();
    let socket = detached("room:a".into(), endpoint);
    socket.notify(Letter { _socket: socket.clone(), _counted: counted.clone() });
    assert_eq!(Arc::strong_count(&counted), 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_task_is_dropped_leaves_its_topics() {
    let (endpoint, _) = endpoint();
    let lent = endpoint.state::<Lent>().unwrap().0;
    let params = [("vsn", "2.0.0"), ("id", "7")];
    let mut client = Client::with(&endpoint, &params, 100).await.unwrap();
    client.send(json!(["1", "1", "room:a", "phx_join", {}]));
    let socket = client.lend(&lent).await;
    socket.subscribe("prices");
    let connection = client.connection.downgrade();
    drop((socket, client));
    for topic in ["room:a", "prices", "user:7"] {
        assert_eq!(endpoint.subscribers(topic), 0, "{topic}");
    }
    // Its channels still have to be told.
    while connection.upgrade().is_some() {
        tokio::task::yield_now().await;
    }
}

/// One thread opens and closes connections; the other one sends to whatever it finds of them.
#[test]
fn connections_that_ended_leave_nothing_whatever_was_sent_to_them_meanwhile() {
    const CONNECTIONS: usize = 2000;
    let (endpoint, _) = endpoint();
    let lent = endpoint.state::<Lent>().unwrap().0;
    let (counted, over, rounds) = (Arc::new(()), AtomicBool::new(false), AtomicUsize::new(0));
    let send = || {
        while !over.load(Ordering::Relaxed) {
            let sockets = lent.0.lock().clone();
            for socket in &sockets {
                let letter = Letter { _socket: socket.clone(), _counted: counted.clone() };
                socket.notify(letter);
                socket.subscribe("prices");
                socket.broadcast("secret", json!(2));
            }
            endpoint.broadcast("room:a", "secret", json!(1));
            endpoint.broadcast("prices", "changed", json!(1));
            rounds.fetch_add(1, Ordering::Relaxed);
        }
    };
    let open_and_close = async {
        let mut weak = Vec::new();
        for number in 0..CONNECTIONS {
            let mut client = Client::new(&endpoint).await;
            client.send(json!(["1", "1", "room:a", "phx_join", {}]));
            let socket = client.lend(&lent).await;
            weak.push((client.connection.downgrade(), socket.downgrade()));
            // The other thread goes on sending to some that are over.
            let forgotten = {
                let mut lent = lent.0.lock();
                lent.push(socket);
                (lent.len() > 4).then(|| lent.remove(0))
            };
            drop(forgotten);
            // Both have a look at each connection now and then.
            if number % 16 == 0 {
                let round = rounds.load(Ordering::Relaxed);
                while rounds.load(Ordering::Relaxed) < round + 2 {
                    thread::yield_now();
                }
            }
            client.end().await;
        }
        weak
    };
    let weak = thread::scope(|scope| {
        scope.spawn(send);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let weak = runtime.unwrap().block_on(open_and_close);
        over.store(true, Ordering::Relaxed);
        weak
    });
    lent.0.lock().clear();
    let connections = weak.iter().filter(|(connection, _)| connection.upgrade().is_some());
    assert_eq!(connections.count(), 0, "connections live");
    assert_eq!(weak.iter().filter_map(|(_, member)| Weak::upgrade(member)).count(), 0);
    assert_eq!(Arc::strong_count(&counted), 1, "letters are kept");
    assert_eq!(endpoint.pubsub().topics(), 0);
}
