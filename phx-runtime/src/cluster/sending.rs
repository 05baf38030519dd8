//! The task that keeps the connection to the engine and sends what waits.

use std::{
    future::{Future, pending},
    sync::Arc,
    time::Duration,
};

use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::{
    adapter::{Adapter, Link},
    adapter_error::AdapterError,
    address::Parcel,
    inbox::Inbox,
    lifecycle::Ending,
    pauses::Pauses,
    standing::Standing,
};

/// How long an engine may take for a connection, and to take a batch. One that takes longer is given
/// up with its connection, and never sent again: whether it arrived is not known, and what arrives twice
/// is worse than what is missed, which numbers tell.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the sign that this node is heard may take, besides the next one's time.
const ECHO: Duration = Duration::from_secs(1);

/// What a node sends, and what it is told of that.
pub(crate) trait Sends: Send + Sync + 'static {
    /// What its handles know of the connection.
    fn standing(&self) -> &Standing;

    /// What leaves next, in order for each address, and how many messages that is. Nothing, if nothing
    /// waits.
    fn batch(&self) -> (Vec<Parcel>, usize);

    /// Waits until something does.
    fn ready(&self) -> impl Future<Output = ()> + Send;

    /// What comes back to this node, unless the engine tells otherwise that it is heard; whether it is
    /// the first over a connection.
    fn heartbeat(&self, is_first: bool) -> Parcel;

    /// Waits until a heartbeat is wanted at once.
    fn greeted(&self) -> impl Future<Output = ()> + Send {
        pending()
    }

    /// What is said last.
    fn goodbye(&self) -> Option<Parcel> {
        None
    }

    /// So many messages have left, or are lost with the connection.
    fn sent(&self, messages: usize, is_sent: bool);

    /// The node is heard, after it was not.
    fn connected(&self);

    /// It was heard, and is not any more.
    fn lost(&self, error: &AdapterError);
}

pub(crate) struct Sending<S> {
    pub(crate) source: Arc<S>,
    pub(crate) adapter: Arc<dyn Adapter>,
    pub(crate) inbox: Inbox,
    /// The time between heartbeats.
    pub(crate) heartbeat: Duration,
    pub(crate) ending: Ending,
}

impl<S: Sends> Sending<S> {
    /// Connects again for ever: an engine may be away for hours, and nobody is there to be asked.
    pub(crate) async fn run(mut self) {
        let mut pauses = Pauses::new(self.inbox.node());
        loop {
            let inbox = self.inbox.next_connection();
            let connected = tokio::select! {
                connected = timeout(PATIENCE, self.adapter.connect(inbox.clone())) => connected,
                () = self.ending.begins() => return,
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
            let error = Arc::new(error);
            if self.source.standing().is_down(&error) {
                self.source.lost(&error);
            }
            tokio::select! {
                () = sleep(pauses.next()) => {}
                () = self.ending.begins() => return,
            }
        }
    }

    /// Sends over a connection until it is of no use any more; no error if the node leaves.
    async fn serve(
        &mut self,
        mut link: Box<dyn Link>,
        inbox: &Inbox,
        pauses: &mut Pauses,
    ) -> Option<AdapterError> {
        let source = self.source.clone();
        let mut echoes = source.standing().echoes();
        let mut silent_since = Instant::now();
        let mut heartbeat = interval(self.heartbeat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_first = true;
        loop {
            // Heartbeats go before what waits, or a busy node would be taken for dead. They tell only of
            // what has left.
            let sent = tokio::select! {
                biased;
                () = self.ending.begins() => {
                    // Whoever does not hear the goodbye finds out later.
                    let _ = say_goodbye(&*source, &mut *link).await;
                    return None;
                }
                error = inbox.until_lost() => Err(error),
                Ok(()) = echoes.changed() => {
                    silent_since = Instant::now();
                    pauses.start_over();
                    if source.standing().is_up() {
                        source.connected();
                    }
                    Ok(())
                }
                () = inbox.until_heard() => {
                    source.standing().echo();
                    Ok(())
                }
                _ = heartbeat.tick() => {
                    if silent_since.elapsed() > 2 * self.heartbeat + ECHO {
                        Err(AdapterError::new("there is no sign that what this node sends is heard"))
                    } else {
                        let is_first = std::mem::take(&mut is_first);
                        say_here(&mut *link, source.heartbeat(is_first)).await
                    }
                }
                () = source.greeted() => send(&mut *link, vec![source.heartbeat(false)]).await,
                () = source.ready() => send_batch(&*source, &mut *link).await.map(drop),
            };
            if let Err(error) = sent {
                return Some(error);
            }
        }
    }
}

/// Whether there was something to send.
async fn send_batch(source: &impl Sends, link: &mut dyn Link) -> Result<bool, AdapterError> {
    let (parcels, count) = source.batch();
    if parcels.is_empty() {
        return Ok(false);
    }
    let sent = send(link, parcels).await;
    source.sent(count, sent.is_ok());
    sent.map(|()| true)
}

async fn say_goodbye(source: &impl Sends, link: &mut dyn Link) -> Result<(), AdapterError> {
    while send_batch(source, link).await? {}
    match source.goodbye() {
        Some(goodbye) => send(link, vec![goodbye]).await,
        None => Ok(()),
    }
}

async fn send(link: &mut dyn Link, parcels: Vec<Parcel>) -> Result<(), AdapterError> {
    in_time(link.send(parcels)).await
}

/// Sends a heartbeat, and asks for a sign that it can be heard: from engines that give it back, it is
/// the heartbeat itself.
async fn say_here(link: &mut dyn Link, heartbeat: Parcel) -> Result<(), AdapterError> {
    send(link, vec![heartbeat]).await?;
    in_time(link.probe()).await
}

async fn in_time(sent: impl Future<Output = Result<(), AdapterError>>) -> Result<(), AdapterError> {
    let sent = timeout(PATIENCE, sent).await;
    sent.unwrap_or_else(|_| Err(AdapterError::new("it takes nothing")))
}
