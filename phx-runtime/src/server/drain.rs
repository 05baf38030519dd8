//! Telling all connections to go elsewhere.

use std::time::Duration;

use futures_util::future::join_all;

use crate::{
    connect::DrainerSettings,
    connection::Connection,
    endpoint::{Endpoint, Mounted},
    log,
    message::Reason,
    wire::CloseCode,
};

/// How long requests and connections may take to end once everybody has been told.
pub(super) const GRACE: Duration = Duration::from_secs(5);

impl Endpoint {
    /// Tells all connections to go elsewhere, each mount's as its drainer says, and waits for them
    /// to end; then leaves the cluster, if there is one. [`Server::run`](crate::server::Server::run)
    /// does this by itself; under `warp::serve` and other servers it is up to the application.
    ///
    /// Phoenix counterpart: `Phoenix.Socket.PoolDrainer`.
    pub async fn drain(&self) {
        self.0.connections.start_draining();
        join_all(self.0.mounts.iter().map(|mounted| async move {
            let within = mounted.mount.drainer.map_or(GRACE, |drainer| drainer.shutdown);
            let hook = mounted.connector.drain(self.clone(), &mounted.mount);
            if tokio::time::timeout(within, hook).await.is_err() {
                log::draining_too_slow(&mounted.mount.path);
            }
            let Some(drainer) = mounted.mount.drainer else {
                self.0.connections.of_mount(mounted.index).iter().for_each(send_elsewhere);
                return;
            };
            let draining = self.drain_mount(mounted, drainer);
            if tokio::time::timeout(drainer.shutdown, draining).await.is_err() {
                log::draining_too_slow(&mounted.mount.path);
            }
        }))
        .await;
        self.0.connections.close_all();
        if tokio::time::timeout(GRACE, self.0.connections.all_closed()).await.is_err() {
            let left = self.connections();
            log::connections_cut_off(left);
        }
        // Who was here has left by now, and the others know of it.
        self.leave_cluster().await;
    }

    async fn drain_mount(&self, mounted: &Mounted, drainer: DrainerSettings) {
        let connections = self.0.connections.of_mount(mounted.index);
        let size = drainer.batch_size.max(1);
        let log = log::DrainLine {
            level: drainer.log,
            socket: mounted.connector.socket(),
            mount: &mounted.mount.path,
            total: connections.len(),
            rounds: connections.len().div_ceil(size),
            interval: drainer.batch_interval,
        };
        for (round, batch) in connections.chunks(size).enumerate() {
            if round > 0 {
                tokio::time::sleep(drainer.batch_interval).await;
            }
            // Many small batches are told of once a second or so.
            if !drainer.is_even || round % 10 == 0 {
                log.batch(round + 1, batch.len());
            }
            batch.iter().for_each(send_elsewhere);
        }
    }
}

fn send_elsewhere(connection: &Connection) {
    connection.close(CloseCode::RESTART, Reason::Draining);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::sleep;

    use crate::{
        ConnectError, Endpoint,
        connection::Connection,
        endpoint::{ConnectRequest, Counted, RawConnect},
        options::{Drainer, Mount, WebSocketOptions},
        transport::{Flow, Frame, Handled, RawSocket},
    };

    struct Nothing;

    impl RawConnect for Nothing {
        async fn connect(_: ConnectRequest) -> Result<Self, ConnectError> {
            Ok(Self)
        }
    }

    impl RawSocket for Nothing {
        fn handle_in<'a>(&'a mut self, _: Frame, _: &'a Connection) -> Handled<'a> {
            Flow::Continue.into()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_spreads_a_thousand_clients_so_that_no_second_has_more_than_a_tenth() {
        let mount = Mount::new("/socket").websocket(WebSocketOptions::new());
        let mount = mount.drainer(Some(Drainer::new().rate(90)));
        let endpoint = Endpoint::builder().raw_socket::<Nothing>(mount).build().unwrap();
        let clients: Vec<_> = (0..1000).map(|_| Connection::new(100)).collect();
        let register =
            |client| endpoint.0.connections.register(Some(0), client, Counted::default());
        let open: Vec<_> = clients.iter().map(register).collect();
        let draining = tokio::spawn({
            let endpoint = endpoint.clone();
            async move { endpoint.drain().await }
        });
        let mut told = Vec::new();
        while told.last() != Some(&clients.len()) {
            told.push(clients.iter().filter(|client| client.ending().is_some()).count());
            sleep(Duration::from_millis(50)).await;
        }
        // Over whichever second.
        let most = told.windows(21).map(|second| second[20] - second[0]).max();
        assert!(most <= Some(100), "{told:?}");
        assert!(told.len() < 20 * 12, "{} ms", 50 * told.len());
        drop(open);
        draining.await.unwrap();
    }
}
