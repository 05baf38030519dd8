//! The task that keeps the connection to Redis, and publishes what waits.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

use super::shared::{LinkState, Shared, Stage, is_over};
use crate::{
    cluster::{Adapter, AdapterError, Address, Inbox, Link, Parcel, Pauses},
    log,
};

/// How long Redis may take for a connection, and to take what is published.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often this node says something to itself, and how long nothing of it may come back.
const PROBE: Duration = Duration::from_secs(2);
const DEAF: Duration = Duration::from_secs(5);

pub(super) struct Connection {
    pub(super) shared: Arc<Shared>,
    pub(super) adapter: Arc<dyn Adapter>,
    pub(super) inbox: Inbox,
    pub(super) stage: watch::Receiver<Stage>,
}

impl Connection {
    pub(super) async fn run(mut self) {
        let mut pauses = Pauses::new(self.shared.this.id());
        loop {
            let inbox = self.inbox.next_connection();
            let connected = tokio::select! {
                connected = timeout(PATIENCE, self.adapter.connect(inbox.clone())) => connected,
                () = is_over(&mut self.stage) => return,
            };
            let connected =
                connected.unwrap_or_else(|_| Err(AdapterError::new("it did not answer in time")));
            let error = match connected {
                Ok(link) => match self.serve(link, &inbox, &mut pauses).await {
                    Some(error) => error,
                    None => return,
                },
                Err(error) => error,
            };
            self.lost(error);
            tokio::select! {
                () = sleep(pauses.next()) => {}
                () = is_over(&mut self.stage) => return,
            }
        }
    }

    /// Publishes over a connection until it is of no use any more; no error if the node leaves.
    async fn serve(
        &mut self,
        mut link: Box<dyn Link>,
        inbox: &Inbox,
        pauses: &mut Pauses,
    ) -> Option<AdapterError> {
        let mut heard = self.shared.heard.subscribe();
        heard.mark_unchanged();
        let mut last_heard = Instant::now();
        let mut probe = interval(PROBE);
        probe.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let sent = tokio::select! {
                biased;
                () = is_over(&mut self.stage) => {
                    while self.send_batch(&mut *link).await.is_ok_and(|sent| sent > 0) {}
                    return None;
                }
                error = inbox.until_lost() => Err(error),
                Ok(()) = heard.changed() => {
                    last_heard = Instant::now();
                    pauses.start_over();
                    self.heard();
                    Ok(0)
                }
                _ = probe.tick() => {
                    if last_heard.elapsed() > DEAF {
                        Err(AdapterError::new("what this node says to itself does not come back"))
                    } else {
                        let to = Address::Node(self.shared.this.id());
                        let payload = Bytes::from_static(b"heard?");
                        send(&mut *link, vec![Parcel { to, payload }]).await
                    }
                }
                () = self.shared.outgoing.ready() => self.send_batch(&mut *link).await,
            };
            if let Err(error) = sent {
                return Some(error);
            }
        }
    }

    async fn send_batch(&self, link: &mut dyn Link) -> Result<usize, AdapterError> {
        let parcels = self.shared.outgoing.batch();
        if parcels.is_empty() {
            return Ok(0);
        }
        let count = parcels.len();
        let sent = send(link, parcels).await;
        log::phoenix_sent(count, sent.is_ok());
        sent
    }

    /// What this node said to itself has come back.
    fn heard(&self) {
        let is_news = self.shared.link.send_if_modified(|state| {
            let is_news = !matches!(state, LinkState::Up);
            *state = LinkState::Up;
            is_news
        });
        if is_news {
            log::phoenix_connected(&self.shared.this);
            self.shared.connected.notify_one();
        }
    }

    fn lost(&self, error: AdapterError) {
        let error = Arc::new(error);
        let mut was_up = false;
        self.shared.link.send_modify(|state| {
            was_up = matches!(state, LinkState::Up);
            *state = match state {
                LinkState::Starting(_) => LinkState::Starting(Some(error.clone())),
                LinkState::Up | LinkState::Down => LinkState::Down,
            };
        });
        if was_up {
            log::phoenix_lost(&error);
        }
    }
}

async fn send(link: &mut dyn Link, parcels: Vec<Parcel>) -> Result<usize, AdapterError> {
    let count = parcels.len();
    match timeout(PATIENCE, link.send(parcels)).await {
        Ok(sent) => sent.map(|()| count),
        Err(_) => Err(AdapterError::new("it takes nothing")),
    }
}
