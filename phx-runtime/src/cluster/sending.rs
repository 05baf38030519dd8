//! The task that keeps the connection to the engine and sends what waits.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use super::{
    adapter::{Adapter, Link},
    adapter_error::AdapterError,
    address::Parcel,
    event::ClusterEvent,
    inbox::Inbox,
    pauses::Pauses,
    shared::{LinkState, Shared, Stage, is_over},
};
use crate::log;

/// How long an engine may take for a connection, and to take a batch.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a heartbeat may take to come back, besides the next one's time.
const ECHO: Duration = Duration::from_secs(1);

pub(super) struct Sending {
    shared: Arc<Shared>,
    adapter: Arc<dyn Adapter>,
    inbox: Inbox,
    heartbeat: Duration,
    stage: watch::Receiver<Stage>,
    pauses: Pauses,
}

impl Sending {
    pub(super) fn new(
        shared: Arc<Shared>,
        adapter: Arc<dyn Adapter>,
        inbox: Inbox,
        heartbeat: Duration,
        stage: watch::Receiver<Stage>,
    ) -> Self {
        let pauses = Pauses::new(shared.this.id());
        Self { shared, adapter, inbox, heartbeat, stage, pauses }
    }

    pub(super) async fn run(mut self) {
        loop {
            let inbox = self.inbox.next_connection();
            let connected = tokio::select! {
                connected = timeout(PATIENCE, self.adapter.connect(inbox.clone())) => connected,
                () = is_over(&mut self.stage) => return,
            };
            let connected =
                connected.unwrap_or_else(|_| Err(AdapterError::new("it did not answer in time")));
            let error = match connected {
                Ok(link) => match self.serve(link, &inbox).await {
                    Some(error) => error,
                    None => return,
                },
                Err(error) => error,
            };
            self.lost(error);
            let wait = self.pauses.next();
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = is_over(&mut self.stage) => return,
            }
        }
    }

    /// Sends over a connection until it is of no use any more; no error if the node leaves.
    async fn serve(&mut self, mut link: Box<dyn Link>, inbox: &Inbox) -> Option<AdapterError> {
        let mut heard = self.shared.heard.subscribe();
        heard.mark_unchanged();
        let mut silent_since = Instant::now();
        let mut heartbeat = tokio::time::interval(self.heartbeat);
        heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut is_first = true;
        loop {
            // What waits leaves first, so that heartbeats tell of it.
            let sent = tokio::select! {
                biased;
                () = is_over(&mut self.stage) => {
                    self.say_goodbye(&mut *link).await;
                    return None;
                }
                error = inbox.until_lost() => Err(error),
                changed = heard.changed() => {
                    if changed.is_ok() {
                        silent_since = Instant::now();
                        self.pauses.start_over();
                        self.heard();
                    }
                    Ok(())
                }
                _ = heartbeat.tick() => {
                    if silent_since.elapsed() > 2 * self.heartbeat + ECHO {
                        Err(AdapterError::new("what this node sends does not come back"))
                    } else {
                        let greets = std::mem::take(&mut is_first);
                        send(&mut *link, vec![self.heartbeat(greets)]).await
                    }
                }
                () = self.shared.greeted.notified() => {
                    send(&mut *link, vec![self.heartbeat(false)]).await
                }
                () = self.shared.outbound.ready() => self.send_batch(&mut *link).await,
            };
            if let Err(error) = sent {
                return Some(error);
            }
        }
    }

    fn heartbeat(&self, greets: bool) -> Parcel {
        self.shared.outbound.heartbeat(greets, &self.shared.others.read())
    }

    async fn send_batch(&self, link: &mut dyn Link) -> Result<(), AdapterError> {
        let (parcels, count) = self.shared.outbound.batch();
        if parcels.is_empty() {
            return Ok(());
        }
        let sent = send(link, parcels).await;
        log::cluster_sent(count, sent.is_ok());
        sent
    }

    async fn say_goodbye(&self, link: &mut dyn Link) {
        while !self.shared.outbound.is_empty() {
            if self.send_batch(link).await.is_err() {
                return;
            }
        }
        // Whoever does not hear it finds out later.
        let _ = send(link, vec![self.shared.outbound.goodbye()]).await;
    }

    /// This node's heartbeat has come back.
    fn heard(&self) {
        let is_news = self.shared.link.send_if_modified(|state| {
            let is_news = !matches!(state, LinkState::Up);
            *state = LinkState::Up;
            is_news
        });
        if is_news {
            log::cluster_connected(&self.shared.this, self.shared.engine);
            self.shared.events.send(ClusterEvent::Connected);
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
            log::cluster_lost(self.shared.engine, &error);
            self.shared.events.send(ClusterEvent::Disconnected);
        }
    }
}

async fn send(link: &mut dyn Link, parcels: Vec<Parcel>) -> Result<(), AdapterError> {
    let sent = timeout(PATIENCE, link.send(parcels)).await;
    sent.unwrap_or_else(|_| Err(AdapterError::new("it takes nothing")))
}
