//! The handle with which channels track who is present.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
};

use smol_str::{SmolStr, format_smolstr};

use super::{
    change::{Change, EntryId, Tracked},
    error::{TrackError, UpdateError},
    meta::{Fields, MetaError, PresenceMeta, fields},
    options::PresenceOptions,
    reference::PresenceRef,
    replication,
    roster::Roster,
    shared::Shared,
    state::{PresenceEntry, PresenceState},
    tracked::{Meta, OldMeta, PresenceKey},
    tracking::Tracking,
};
use crate::{channel::Socket, endpoint::Endpoint, message::Topic};

/// Tracks who is in which topic, and keeps all clients in the topic informed. Cheap to clone.
///
/// Registered as state of the endpoint, handlers take it as `State<Presence>`. A channel tracks
/// itself under a key, such as the id of its user, with a meta: any JSON object. When it ends, for
/// whatever reason, it is untracked. Every change is broadcast in the channel's topic as
/// `presence_diff`; a client that joined needs the present state once, pushed as `presence_state`:
///
/// ```
/// use phx_runtime::prelude::*;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Guest {
///     name: String,
/// }
///
/// struct Room {
///     guest: Guest,
/// }
///
/// struct AfterJoin;
///
/// #[channel("room:*")]
/// impl Room {
///     #[join]
///     async fn join(guest: Guest) -> Result<Joined<Self>, JoinError> {
///         Ok(Joined::new(Self { guest }).then(AfterJoin))
///     }
///
///     #[handle_info]
///     async fn after_join(
///         &mut self,
///         _: AfterJoin,
///         socket: &Socket,
///         presence: State<Presence>,
///     ) -> Result<(), Fault> {
///         presence.track(socket, &self.guest.name, json!({ "status": "online" }))?;
///         socket.push("presence_state", presence.list(socket.topic()));
///         Ok(())
///     }
/// }
///
/// let builder = Endpoint::builder().state(Presence::new());
/// # builder.build().unwrap();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let (socket, presence) = (phx_runtime::testing::socket("room:1"), Presence::new());
/// # let mut room = Room { guest: Guest { name: "Ann".into() } };
/// # room.after_join(AfterJoin, &socket, State(presence.clone())).await.unwrap();
/// # assert_eq!(presence.list("room:1").len(), 1);
/// # });
/// ```
///
/// A presence serves the one endpoint whose state it is, or whose channels use it first.
///
/// # On several nodes
///
/// If the endpoint is a node of a [cluster](crate::cluster), everybody who is present on any node is
/// present on all of them. Each node tells its own clients. Who is on a node that stops leaves at
/// once, and who is on one that is not heard of for
/// [`Cluster::down_after`](crate::cluster::Cluster::down_after) leaves then, and comes back with the
/// node if it was only cut off. What is lost between nodes is found out and asked for again, within
/// some two seconds.
///
/// Phoenix counterpart: `Phoenix.Presence`.
#[derive(Clone)]
pub struct Presence {
    pub(super) shared: Arc<Shared>,
}

impl Presence {
    /// Nobody is present anywhere.
    pub fn new() -> Self {
        Self::with_options(PresenceOptions::new())
    }

    /// As [`new`](Self::new), with a hook that adds to what clients and handlers get to see: it is
    /// called with a topic and some of its presences for each list, and for both sides of each
    /// diff. Use it for what is not worth keeping with every meta, such as names and pictures.
    ///
    /// The hook runs in the thread that changed or listed the topic, and diffs of a topic wait for
    /// each other's, so it must not block. A panic in it leaves a diff as it was.
    ///
    /// ```
    /// use phx_runtime::{Presence, json};
    ///
    /// let presence = Presence::with_fetch(|_topic, present| {
    ///     for (key, entry) in present.iter_mut() {
    ///         entry.insert("user", json!({ "name": format!("User {key}") }));
    ///     }
    /// });
    /// # let socket = phx_runtime::testing::socket("room:1");
    /// presence.track(&socket, 7, json!({}))?;
    /// let state = serde_json::to_value(presence.list("room:1")).unwrap();
    /// assert_eq!(state["7"]["user"]["name"], "User 7");
    /// # Ok::<_, phx_runtime::presence::TrackError>(())
    /// ```
    ///
    /// Phoenix counterpart: `fetch/2`.
    pub fn with_fetch(fetch: impl Fn(&str, &mut PresenceState) + Send + Sync + 'static) -> Self {
        Self::with_options(PresenceOptions::new().fetch(fetch))
    }

    /// As [`new`](Self::new), in another way than by default.
    pub fn with_options(options: PresenceOptions) -> Self {
        Self { shared: Arc::new(Shared::new(options)) }
    }

    /// Tracks the channel under a key of its topic, until [`untrack`](Self::untrack) or the end of
    /// the channel. A channel may track several keys, and several channels the same key.
    ///
    /// # Errors
    ///
    /// The channel tracks the key already, or as many others as it may
    /// ([`PresenceOptions::max_keys`]), or has ended; or the meta is not a JSON object. See
    /// [`TrackError`].
    ///
    /// ```
    /// use phx_runtime::{Presence, json, presence::TrackError};
    ///
    /// # let socket = phx_runtime::testing::socket("room:1");
    /// let presence = Presence::new();
    /// presence.track(&socket, "ann", json!({ "device": "phone" }))?;
    /// let again = presence.track(&socket, "ann", json!({}));
    /// assert!(matches!(again, Err(TrackError::AlreadyTracked { .. })));
    /// # Ok::<_, TrackError>(())
    /// ```
    pub fn track(
        &self,
        socket: &Socket,
        key: impl PresenceKey,
        meta: impl Meta,
    ) -> Result<PresenceRef, TrackError> {
        let fields = fields(&meta)?;
        let key = format_smolstr!("{key}");
        let (shared, topic) = (&self.shared, socket.topic());
        if !self.serve(socket.endpoint()) {
            return Err(TrackError::OtherEndpoint);
        }
        let tracked = socket.with_ends(|ends| {
            Tracking::start(ends, shared, topic);
            let tracking = Tracking::find(ends, shared).ok_or(TrackError::ChannelEnded)?;
            if tracking.keys.contains_key(&key) {
                let (topic, key) = (topic.clone(), key.to_string());
                return Err(TrackError::AlreadyTracked { topic, key });
            }
            let most = shared.options.max_keys;
            if tracking.keys.len() >= most {
                return Err(TrackError::TooManyKeys { topic: topic.clone(), most });
            }
            let (id, previous) = match self.take_over(topic, &key, &fields) {
                Some((tracked, true)) => {
                    let reference = tracked.reference.clone();
                    tracking.keys.insert(key, tracked);
                    return Ok((reference, None));
                }
                Some((tracked, false)) => (tracked.id, Some(tracked.reference)),
                None => {
                    let number = shared.entries.fetch_add(1, Ordering::Relaxed);
                    (EntryId { number, replica: shared.replica }, None)
                }
            };
            let reference = shared.references.next();
            let meta = PresenceMeta::new(fields, reference.clone(), previous)?;
            let upsert = Change::Upsert { key: key.clone(), id, meta };
            let untold = shared.change_own(topic, [upsert]);
            tracking.keys.insert(key, Tracked { id, reference: reference.clone() });
            Ok((reference, Some(untold)))
        });
        let (reference, untold) = tracked.ok_or(TrackError::ChannelEnded)??;
        if let Some(untold) = untold {
            self.shared.tell(untold);
        }
        Ok(reference)
    }

    /// An entry of the key whose channel has ended a moment ago, and whether its meta is the same.
    fn take_over(&self, topic: &Topic, key: &SmolStr, fields: &Fields) -> Option<(Tracked, bool)> {
        let shared = &self.shared;
        if shared.options.leave_grace.is_zero() {
            return None;
        }
        let tracked = shared.lingering.take(topic, key)?;
        let meta = shared.topics.read(topic, |roster| roster.meta(key, tracked.id));
        let is_same = meta.is_some_and(|meta| meta.has(fields));
        Some((tracked, is_same))
    }

    /// Ends the tracking of a key by this channel. Nothing happens if the channel does not track it.
    pub fn untrack(&self, socket: &Socket, key: impl PresenceKey) {
        let key = format_smolstr!("{key}");
        let untold = socket.with_ends(|ends| {
            let Tracked { id, .. } = Tracking::find(ends, &self.shared)?.keys.remove(&key)?;
            Some(self.shared.change_own(socket.topic(), [Change::Remove { key, id }]))
        });
        if let Some(untold) = untold.flatten() {
            self.shared.tell(untold);
        }
    }

    /// Replaces the meta under which the channel tracks a key. The new meta has a new `phx_ref`,
    /// and the old one's as `phx_ref_prev`; clients get both in one diff.
    ///
    /// # Errors
    ///
    /// The channel does not track the key, or the meta is not a JSON object.
    pub fn update(
        &self,
        socket: &Socket,
        key: impl PresenceKey,
        meta: impl Meta,
    ) -> Result<PresenceRef, UpdateError> {
        let fields = fields(&meta)?;
        let key = format_smolstr!("{key}");
        match self.replace(socket, &key, fields, |_| true)? {
            Some(reference) => Ok(reference),
            None => Err(not_tracked(socket, &key)),
        }
    }

    /// Makes a new meta out of the old one, without its references, and replaces it as
    /// [`update`](Self::update) does.
    ///
    /// The closure decides by its argument what the old meta is decoded as. It is called again if
    /// another task replaces the meta of this very channel at the same time.
    ///
    /// ```
    /// use phx_runtime::{Presence, json};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Meta {
    ///     device: String,
    ///     typing: bool,
    /// }
    ///
    /// # let socket = phx_runtime::testing::socket("room:1");
    /// # let presence = Presence::new();
    /// presence.track(&socket, "ann", Meta { device: "phone".into(), typing: false })?;
    /// presence.update_with(&socket, "ann", |old: Meta| Meta { typing: true, ..old })?;
    /// # let meta: Meta = presence.get("room:1", "ann").unwrap().metas()[0].decode()?;
    /// # assert!(meta.typing && meta.device == "phone");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The channel does not track the key, the old meta cannot be decoded, or the new one is not a
    /// JSON object.
    pub fn update_with<T: OldMeta, U: Meta>(
        &self,
        socket: &Socket,
        key: impl PresenceKey,
        mut change: impl FnMut(T) -> U,
    ) -> Result<PresenceRef, UpdateError> {
        let key = format_smolstr!("{key}");
        loop {
            let old = self.current(socket, &key).ok_or_else(|| not_tracked(socket, &key))?;
            let fields = fields(&change(old.decode()?))?;
            let unchanged = |reference: &PresenceRef| old.is(reference);
            if let Some(reference) = self.replace(socket, &key, fields, unchanged)? {
                return Ok(reference);
            }
        }
    }

    /// The meta under which the channel tracks a key.
    fn current(&self, socket: &Socket, key: &SmolStr) -> Option<PresenceMeta> {
        let current = socket.with_ends(|ends| {
            let id = Tracking::find(ends, &self.shared)?.keys.get(key)?.id;
            self.shared.topics.read(socket.topic(), |roster| roster.meta(key, id))
        });
        current.flatten()
    }

    /// Replaces a meta if the channel tracks the key and `may` agrees with the meta's reference.
    fn replace(
        &self,
        socket: &Socket,
        key: &SmolStr,
        fields: Fields,
        may: impl FnOnce(&PresenceRef) -> bool,
    ) -> Result<Option<PresenceRef>, MetaError> {
        let replaced = socket.with_ends(|ends| {
            let tracked = Tracking::find(ends, &self.shared)?.keys.get_mut(key)?;
            if !may(&tracked.reference) {
                return None;
            }
            let reference = self.shared.references.next();
            let previous = Some(tracked.reference.clone());
            let meta = match PresenceMeta::new(fields, reference.clone(), previous) {
                Ok(meta) => meta,
                Err(error) => return Some(Err(error)),
            };
            tracked.reference = reference.clone();
            let upsert = Change::Upsert { key: key.clone(), id: tracked.id, meta };
            let untold = self.shared.change_own(socket.topic(), [upsert]);
            Some(Ok((reference, untold)))
        });
        let Some((reference, untold)) = replaced.flatten().transpose()? else { return Ok(None) };
        self.shared.tell(untold);
        Ok(Some(reference))
    }

    /// Makes this the presence of an endpoint, on all its nodes. Whether it is that of no other one.
    pub(crate) fn serve(&self, endpoint: &Endpoint) -> bool {
        let pubsub = endpoint.pubsub();
        let served = self.shared.pubsub.get_or_init(|| {
            if let Some(nodes) = endpoint.runtimes() {
                replication::start(&self.shared, nodes);
            }
            pubsub.clone()
        });
        served.is_same(pubsub)
    }

    /// Everyone who is present in a topic: what clients want as `presence_state`.
    pub fn list(&self, topic: impl AsRef<str>) -> PresenceState {
        let topic = topic.as_ref();
        let mut state = self.shared.topics.read(topic, Roster::list);
        self.shared.fetch(topic, &mut state);
        state
    }

    /// How many keys are present in a topic, on all nodes. It costs the same however many they are.
    ///
    /// ```
    /// use phx_runtime::{Presence, json};
    ///
    /// # let socket = phx_runtime::testing::socket("room:1");
    /// let presence = Presence::new();
    /// presence.track(&socket, "ann", json!({}))?;
    /// presence.track(&socket, "bob", json!({}))?;
    /// assert_eq!(presence.count("room:1"), 2);
    /// assert_eq!(presence.keys("room:1"), ["ann", "bob"]);
    /// # Ok::<_, phx_runtime::presence::TrackError>(())
    /// ```
    pub fn count(&self, topic: impl AsRef<str>) -> usize {
        self.shared.topics.read(topic.as_ref(), |roster| roster.count())
    }

    /// The keys that are present in a topic, on all nodes, sorted.
    pub fn keys(&self, topic: impl AsRef<str>) -> Vec<String> {
        self.shared.topics.read(topic.as_ref(), |roster| roster.keys())
    }

    /// What is known of one key in a topic, if it is present.
    ///
    /// Phoenix counterpart: `get_by_key/2`.
    pub fn get(&self, topic: impl AsRef<str>, key: impl PresenceKey) -> Option<PresenceEntry> {
        let topic = topic.as_ref();
        let key = format_smolstr!("{key}");
        let mut state = self.shared.topics.read(topic, |roster| roster.list_key(&key));
        self.shared.fetch(topic, &mut state);
        state.into_entry(&key)
    }
}

fn not_tracked(socket: &Socket, key: &str) -> UpdateError {
    UpdateError::NotTracked { topic: socket.topic().clone(), key: key.to_owned() }
}

impl Default for Presence {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presence")
            .field("topics", &self.shared.topics.len())
            .finish_non_exhaustive()
    }
}
