//! Sessions by id.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;

use super::Session;

/// What a session's token names: random, so that no two are alike and none can be guessed.
pub(crate) type SessionId = [u8; 16];

/// All sessions of an endpoint that have not ended.
#[derive(Clone, Default)]
pub(crate) struct Sessions(Arc<Mutex<HashMap<SessionId, Arc<Session>>>>);

impl Sessions {
    pub(crate) fn insert(&self, id: SessionId, session: Arc<Session>) {
        self.0.lock().insert(id, session);
    }

    pub(crate) fn find(&self, id: &SessionId) -> Option<Arc<Session>> {
        self.0.lock().get(id).cloned()
    }

    pub(super) fn remove(&self, id: &SessionId) {
        let removed = self.0.lock().remove(id);
        // Not under the lock.
        drop(removed);
    }
}
