//! A client's line to the server, over one connection after another.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use serde_json::json;

use super::{
    inbox::{Inbox, Missing, PATIENCE},
    membership::Membership,
    message::{self, Received, Sent},
    uplink::{Trouble, Uplink},
};
use crate::{
    channel::JoinError,
    connect::ConnectError,
    endpoint::Endpoint,
    message::{Payload, ToPayload},
};

/// Connects, each time in the same way.
pub(super) type Dial =
    Arc<dyn Fn(&Endpoint) -> BoxFuture<'static, Result<Link, ConnectError>> + Send + Sync>;

/// The client's end of one connection.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) inbox: Arc<Inbox>,
    /// None once the client has closed the connection.
    pub(super) server: Option<Uplink>,
    /// What the socket's `#[id]` said.
    pub(super) id: Option<String>,
}

#[derive(Debug)]
pub(super) struct Line {
    link: Mutex<Link>,
    refs: AtomicU64,
    faults: Mutex<Faults>,
    /// What was joined and not left, in the order of joining.
    joined: Mutex<Vec<Arc<Membership>>>,
}

/// What becomes of each message that the client sends.
#[derive(Clone, Copy, Debug, Default)]
struct Faults {
    delay: Duration,
    is_repeated: bool,
}

impl Line {
    pub(super) fn new(link: Link) -> Self {
        Self {
            link: Mutex::new(link),
            refs: AtomicU64::new(1),
            faults: Mutex::default(),
            joined: Mutex::default(),
        }
    }

    pub(super) fn inbox(&self) -> Arc<Inbox> {
        self.link.lock().inbox.clone()
    }

    pub(super) fn set_delay(&self, delay: Duration) {
        self.faults.lock().delay = delay;
    }

    pub(super) fn set_repeated(&self, is_repeated: bool) {
        self.faults.lock().is_repeated = is_repeated;
    }

    /// Closes the connection as clients do.
    pub(super) fn close(&self) {
        self.link.lock().server.take();
    }

    /// Breaks the connection.
    pub(super) fn break_off(&self) {
        if let Some(server) = &self.link.lock().server {
            server.get_into(Trouble::Broken);
        }
    }

    /// Lets nothing pass any more, and tells nobody. Gives what is told when the server finds out.
    pub(super) fn fall_silent(&self) -> Arc<Inbox> {
        let mut link = self.link.lock();
        link.inbox.deafen();
        if let Some(server) = link.server.take() {
            server.get_into(Trouble::Silent);
        }
        link.inbox.clone()
    }

    /// Goes on over another connection. What came over the old one can still be looked at.
    pub(super) fn go_on_over(&self, new: Link) {
        let mut link = self.link.lock();
        new.inbox.take_over(&link.inbox);
        *link = new;
    }

    /// Pushes an event to what was joined, and waits until the server has taken it.
    pub(super) async fn push(
        &self,
        membership: &Membership,
        event: &str,
        payload: &Payload,
    ) -> String {
        let times = if self.faults.lock().is_repeated { 2 } else { 1 };
        let join_ref = membership.join_ref();
        self.send(Some(&join_ref), &membership.topic, event, payload, times).await
    }

    async fn send(
        &self,
        join_ref: Option<&str>,
        topic: &str,
        event: &str,
        payload: &Payload,
        times: usize,
    ) -> String {
        let reference = self.refs.fetch_add(1, Ordering::Relaxed).to_string();
        let join_ref = join_ref.unwrap_or(&reference);
        let Some(frame) = message::write(join_ref, &reference, topic, event, payload) else {
            panic!("the names of {event:?} are too long for a binary message")
        };
        let delay = self.faults.lock().delay;
        for frame in std::iter::repeat_n(frame, times) {
            // A connection that is closed takes nothing, as on a real network.
            let sent = self.link.lock().server.as_ref().and_then(|it| it.send(frame, delay));
            if let Some(taken) = sent
                && delay.is_zero()
            {
                let _ = taken.await;
            }
        }
        reference
    }

    /// Joins a topic.
    pub(super) async fn join(
        &self,
        topic: String,
        params: Payload,
    ) -> Result<Arc<Membership>, JoinError> {
        let join_ref = self.send(None, &topic, "phx_join", &params, 1).await;
        let response = self.joined(&topic, &join_ref).await?;
        let membership = Arc::new(Membership::new(topic, params, join_ref, response));
        self.joined.lock().push(membership.clone());
        Ok(membership)
    }

    /// Joins again what was joined, each with its payload of then, all at once.
    pub(super) async fn rejoin(&self) -> Result<(), (String, JoinError)> {
        let inbox = self.inbox();
        self.joined.lock().retain(|membership| !membership.is_over(&inbox));
        let memberships = self.joined.lock().clone();
        let mut join_refs = Vec::new();
        for Membership { topic, params, .. } in memberships.iter().map(|it| &**it) {
            join_refs.push(self.send(None, topic, "phx_join", params, 1).await);
        }
        let mut refused = Ok(());
        for (membership, join_ref) in memberships.iter().zip(join_refs) {
            match self.joined(&membership.topic, &join_ref).await {
                Ok(response) => membership.renew(join_ref, response),
                Err(error) => refused = refused.and(Err((membership.topic.clone(), error))),
            }
        }
        refused
    }

    /// Waits for the answer to a join.
    async fn joined(&self, topic: &str, join_ref: &str) -> Result<Payload, JoinError> {
        let any = |status: &str, response: &Payload| Some((status == "ok", response.clone()));
        match self.reply(join_ref, "a reply", PATIENCE, any).await {
            Ok((true, response)) => Ok(response),
            Ok((false, response)) => Err(JoinError::with(response)),
            Err(missing) => panic!("joining {topic:?}: {missing}"),
        }
    }

    /// Leaves what was joined, for good.
    pub(super) async fn leave(&self, membership: &Arc<Membership>) -> String {
        self.joined.lock().retain(|joined| !Arc::ptr_eq(joined, membership));
        self.push(membership, "phx_leave", &encoded("phx_leave", &json!({}))).await
    }

    pub(super) async fn reply<T>(
        &self,
        reference: &str,
        what: &str,
        patience: Duration,
        mut wanted: impl FnMut(&str, &Payload) -> Option<T>,
    ) -> Result<T, Missing> {
        let wanted = |message: &Received| match &message.body {
            Sent::Reply { status, response } if message.reference.as_deref() == Some(reference) => {
                wanted(status, response)
            }
            _ => None,
        };
        self.inbox().take(what, patience, wanted).await
    }
}

pub(super) fn encoded(event: &str, payload: &impl ToPayload) -> Payload {
    payload.to_payload().unwrap_or_else(|error| panic!("the payload of {event:?}: {error}"))
}
