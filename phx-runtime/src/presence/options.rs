//! How a presence tells what it knows.

use std::{fmt, time::Duration};

use super::state::PresenceState;

/// Longer times count as this one.
const LONGEST: Duration = Duration::from_hours(365 * 24);

/// Options of a [`Presence`](crate::Presence), for
/// [`Presence::with_options`](crate::Presence::with_options).
///
/// ```
/// use std::time::Duration;
///
/// use phx_runtime::{Endpoint, Presence, presence::PresenceOptions};
///
/// let options = PresenceOptions::new()
///     .coalesce(Duration::from_millis(500))
///     .leave_grace(Duration::from_secs(3))
///     .count_only(|topic| topic.starts_with("stream:"));
/// let endpoint = Endpoint::builder().state(Presence::with_options(options)).build()?;
/// # Ok::<(), phx_runtime::server::BuildError>(())
/// ```
#[must_use]
pub struct PresenceOptions {
    pub(super) max_keys: usize,
    pub(super) coalesce: Duration,
    pub(super) leave_grace: Duration,
    pub(super) count_only: Option<CountOnly>,
    pub(super) fetch: Option<Fetch>,
    pub(super) name: String,
}

pub(super) type Fetch = Box<dyn Fn(&str, &mut PresenceState) + Send + Sync>;
pub(super) type CountOnly = Box<dyn Fn(&str) -> bool + Send + Sync>;

impl PresenceOptions {
    /// The defaults: every change is told at once, and in full.
    pub fn new() -> Self {
        Self {
            max_keys: 100,
            coalesce: Duration::ZERO,
            leave_grace: Duration::ZERO,
            count_only: None,
            fetch: None,
            name: "presence".to_owned(),
        }
    }

    /// How many keys one channel may track; 100 by default.
    ///
    /// A key may well be what a client chose, such as the name of a document that it has open. Each
    /// is kept in memory with its meta and told to everyone in the topic.
    ///
    /// ```
    /// use phx_runtime::{Presence, json, presence::{PresenceOptions, TrackError}};
    ///
    /// let presence = Presence::with_options(PresenceOptions::new().max_keys(1));
    /// # let socket = phx_runtime::testing::socket("room:1");
    /// presence.track(&socket, "ann", json!({}))?;
    /// let second = presence.track(&socket, "bob", json!({}));
    /// assert!(matches!(second, Err(TrackError::TooManyKeys { most: 1, .. })));
    /// # Ok::<_, TrackError>(())
    /// ```
    pub fn max_keys(mut self, most: usize) -> Self {
        self.max_keys = most;
        self
    }

    /// The shortest time between two `presence_diff`s of a topic; zero by default. The first change
    /// of a quiet topic is told at once, what changes until the time is over comes in one diff then:
    /// a crowd that joins within it is one message for each subscriber instead of one for each pair
    /// of them. Who comes and goes between two diffs is not mentioned.
    ///
    /// [`Presence::list`](crate::Presence::list) and its like know of every change at once.
    pub fn coalesce(mut self, time: Duration) -> Self {
        self.coalesce = time.min(LONGEST);
        self
    }

    /// How long somebody whose channel has ended stays present, unless the client left the topic by
    /// itself (`phx_leave`); zero by default. If a channel of this node tracks the same key of the topic
    /// meanwhile, it takes over: clients are told nothing, or of an update if the meta is another one.
    /// So a page that is loaded anew, or a short loss of the network, makes nobody leave and join.
    ///
    /// A channel that takes over goes on with the `phx_ref` that was there.
    pub fn leave_grace(mut self, time: Duration) -> Self {
        self.leave_grace = time.min(LONGEST);
        self
    }

    /// The topics whose clients are told how many keys are present instead of which: no
    /// `presence_diff`, but `presence_count` with `{"count": 1234}`, and not even that for changes of
    /// metas. None by default. For audiences: a client that knows a crowd of ten thousand is told
    /// of each of them, twice.
    ///
    /// The hook runs in the thread that changed the topic, so it must not block; and for a topic it
    /// always says the same.
    pub fn count_only(mut self, is_counted: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.count_only = Some(Box::new(is_counted));
        self
    }

    /// A hook that adds to what clients and handlers get to see; see
    /// [`Presence::with_fetch`](crate::Presence::with_fetch).
    pub fn fetch(
        mut self,
        fetch: impl Fn(&str, &mut PresenceState) + Send + Sync + 'static,
    ) -> Self {
        self.fetch = Some(Box::new(fetch));
        self
    }

    /// What the nodes of a cluster know the presence by; `presence` by default. An endpoint with
    /// several presences gives each a name of its own, the same on every node. The first 255 bytes
    /// count.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }
}

impl Default for PresenceOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for PresenceOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresenceOptions")
            .field("max_keys", &self.max_keys)
            .field("coalesce", &self.coalesce)
            .field("leave_grace", &self.leave_grace)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
