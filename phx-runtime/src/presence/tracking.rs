//! What one channel tracks.

use std::{any::Any, collections::BTreeMap, sync::Arc};

use smol_str::SmolStr;

use super::{
    change::{Change, EntryId, Tracked},
    shared::Shared,
};
use crate::{
    channel::{Ending, Ends},
    message::Topic,
};

/// A channel's keys in one presence. The channel owns it, so that the keys are untracked with the
/// end of the channel, however it ends; the lock around it makes changes of one channel follow one
/// another.
pub(super) struct Tracking {
    shared: Arc<Shared>,
    topic: Topic,
    pub(super) keys: BTreeMap<SmolStr, Tracked>,
    /// The client left by its own will.
    left: bool,
}

impl Tracking {
    /// What the channel tracks in this presence, if it ever tracked something.
    pub(super) fn find<'a>(ends: &'a mut Ends, shared: &Arc<Shared>) -> Option<&'a mut Self> {
        ends.iter_mut()
            .filter_map(|end| (&mut **end as &mut dyn Any).downcast_mut::<Self>())
            .find(|tracking| Arc::ptr_eq(&tracking.shared, shared))
    }

    /// Makes the channel track keys in this presence, none as yet.
    pub(super) fn start(ends: &mut Ends, shared: &Arc<Shared>, topic: &Topic) {
        if Self::find(ends, shared).is_none() {
            let (shared, topic) = (shared.clone(), topic.clone());
            ends.push(Box::new(Self { shared, topic, keys: BTreeMap::new(), left: false }));
        }
    }
}

impl Ending for Tracking {
    fn left(&mut self) {
        self.left = true;
    }
}

impl Drop for Tracking {
    fn drop(&mut self) {
        let keys = std::mem::take(&mut self.keys);
        if keys.is_empty() {
            return;
        }
        let grace = self.shared.options.leave_grace;
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if !self.left && !grace.is_zero() => {
                let (shared, topic) = (self.shared.clone(), self.topic.clone());
                let mut ended = Vec::with_capacity(keys.len());
                for (key, tracked) in keys {
                    ended.push((key.clone(), tracked.id));
                    shared.lingering.put(topic.clone(), key, tracked);
                }
                let over = tokio::time::Instant::now() + grace;
                runtime.spawn(async move {
                    tokio::time::sleep_until(over).await;
                    ended
                        .retain(|(key, id)| shared.lingering.take_this(&topic, key, *id).is_some());
                    remove(&shared, &topic, ended);
                });
            }
            _ => {
                let keys = keys.into_iter().map(|(key, tracked)| (key, tracked.id)).collect();
                remove(&self.shared, &self.topic, keys);
            }
        }
    }
}

fn remove(shared: &Arc<Shared>, topic: &Topic, keys: Vec<(SmolStr, EntryId)>) {
    if keys.is_empty() {
        return;
    }
    let changes = keys.into_iter().map(|(key, id)| Change::Remove { key, id });
    let untold = shared.change_own(topic, changes.collect::<Vec<_>>());
    shared.tell(untold);
}
