//! What one channel tracks.

use std::{collections::BTreeMap, sync::Arc};

use smol_str::SmolStr;

use super::{
    change::{Change, EntryId},
    reference::PresenceRef,
    shared::Shared,
};
use crate::{channel::Ends, message::Topic};

/// A channel's keys in one presence. The channel owns it, so that the keys are untracked with the
/// end of the channel, however it ends; the lock around it makes changes of one channel follow one
/// another.
pub(super) struct Tracking {
    shared: Arc<Shared>,
    topic: Topic,
    pub(super) keys: BTreeMap<SmolStr, Tracked>,
}

/// One key.
#[derive(Clone)]
pub(super) struct Tracked {
    pub(super) id: EntryId,
    /// Of the meta as it is now.
    pub(super) reference: PresenceRef,
}

impl Tracking {
    /// What the channel tracks in this presence, if it ever tracked something.
    pub(super) fn find<'a>(ends: &'a mut Ends, shared: &Arc<Shared>) -> Option<&'a mut Self> {
        ends.iter_mut()
            .filter_map(|end| end.downcast_mut::<Self>())
            .find(|tracking| Arc::ptr_eq(&tracking.shared, shared))
    }

    /// Makes the channel track keys in this presence, none as yet.
    pub(super) fn start(ends: &mut Ends, shared: &Arc<Shared>, topic: &Topic) {
        if Self::find(ends, shared).is_none() {
            let (shared, topic) = (shared.clone(), topic.clone());
            ends.push(Box::new(Self { shared, topic, keys: BTreeMap::new() }));
        }
    }
}

impl Drop for Tracking {
    fn drop(&mut self) {
        let keys = std::mem::take(&mut self.keys);
        if keys.is_empty() {
            return;
        }
        let remove = |(key, tracked): (_, Tracked)| Change::Remove { key, id: tracked.id };
        let changes: Vec<_> = keys.into_iter().map(remove).collect();
        let untold = self.shared.change_own(&self.topic, changes);
        self.shared.tell(untold);
    }
}
