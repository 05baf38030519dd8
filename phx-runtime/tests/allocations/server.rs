//! A server on the test's thread, and what it allocates meanwhile.

use std::{net::SocketAddr, sync::Barrier, thread};

use allocation_counter::{AllocationInfo, measure};
use phx_runtime::{
    Endpoint,
    options::{CheckOrigin, Mount, WebSocketOptions},
};
use tokio::{runtime::Runtime, sync::Notify};

use crate::{
    client::{Client, SOCKET, text},
    sockets::{Echo, user},
};

#[derive(serde::Serialize)]
struct News {
    body: &'static str,
}

/// A server on this thread.
pub(crate) struct Server {
    pub(crate) runtime: Runtime,
    pub(crate) endpoint: Endpoint,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn start() -> Self {
        let options = WebSocketOptions::new().check_origin(CheckOrigin::ANY);
        let endpoint = Endpoint::builder()
            .socket::<user::User>()
            .raw_socket::<Echo>(Mount::new("/echo").websocket(options))
            .build()
            .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let server = runtime.block_on(endpoint.bind(([127, 0, 0, 1], 0))).unwrap();
        let address = server.address();
        let routes = endpoint.routes();
        runtime.spawn(server.stop_on(std::future::pending()).run(routes));
        Self { runtime, endpoint, address }
    }

    /// One more address, at which TLS is spoken.
    #[cfg(feature = "tls")]
    pub(crate) fn encrypted(&self, tls: &phx_runtime::server::Tls) -> SocketAddr {
        let listener = phx_runtime::server::Listener::from("127.0.0.1:0").tls(tls);
        let server = self.runtime.block_on(self.endpoint.bind(listener)).unwrap();
        let address = server.address();
        let routes = self.endpoint.routes();
        self.runtime.spawn(server.stop_on(std::future::pending()).run(routes));
        address
    }

    /// What the server allocates while a client does something on another thread.
    pub(crate) fn while_client<T: Send>(
        &self,
        work: impl FnOnce() -> T + Send,
    ) -> (AllocationInfo, T) {
        let (start, done) = (Barrier::new(2), Notify::new());
        thread::scope(|scope| {
            let client = scope.spawn(|| {
                start.wait();
                let result = work();
                done.notify_one();
                result
            });
            let info = measure(|| {
                start.wait();
                self.runtime.block_on(done.notified());
            });
            (info, client.join().unwrap())
        })
    }

    /// A client that is connected and waits.
    pub(crate) fn client(&self, path: &str) -> Client {
        self.while_client(|| Client::connect(self.address, path)).1
    }

    /// A client that has joined a room.
    pub(crate) fn joined(&self) -> Client {
        let mut client = self.client(SOCKET);
        self.while_client(|| client.ask(&text(r#"["1","1","room:a","phx_join",{}]"#)));
        client
    }

    /// How often the server allocates for one frame that is answered by another.
    pub(crate) fn per_answer(&self, mut client: Client, frame: &[u8]) -> u64 {
        const TIMES: u64 = 200;
        let mut allocations = |times| {
            let work = || (0..times).for_each(|_| client.ask(frame));
            self.while_client(work).0.count_total
        };
        allocations(TIMES);
        let (once, twice) = (allocations(TIMES), allocations(2 * TIMES));
        (twice - once + TIMES / 2) / TIMES
    }

    /// How often it allocates for one broadcast.
    pub(crate) fn per_broadcast(&self) -> u64 {
        const TIMES: u64 = 20;
        let allocations = |times| {
            let broadcasts = async {
                for _ in 0..times {
                    self.endpoint.broadcast("room:a", "news", News { body: "hello" });
                    // A large room is served by a task.
                    for _ in 0..10 {
                        tokio::task::yield_now().await;
                    }
                }
            };
            measure(|| self.runtime.block_on(broadcasts)).count_total
        };
        allocations(TIMES);
        let (once, twice) = (allocations(TIMES), allocations(2 * TIMES));
        (twice - once + TIMES / 2) / TIMES
    }
}
