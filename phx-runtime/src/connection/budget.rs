//! How much may wait for many clients together.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Bytes that may wait for many clients together, such as all those of a mount that fetch their messages,
/// and of whom nobody knows when they come.
///
/// While more than `limit` waits for all of them, a client for which more than an even share waits
/// is closed with the next message for it. Those that poll have less waiting, and stay; so at most
/// twice `limit` waits, and what is sent in one go.
#[derive(Debug)]
pub struct Budget {
    limit: usize,
    even_share: usize,
    used: AtomicUsize,
}

/// What one client takes of a [`Budget`], for as long as this exists.
#[derive(Debug)]
pub struct Share {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Budget {
    /// A budget of `limit` bytes for so many clients at most.
    pub fn new(limit: usize, clients: usize) -> Arc<Self> {
        let even_share = limit / clients.max(1);
        Arc::new(Self { limit, even_share, used: AtomicUsize::new(0) })
    }

    /// What waits for one client: so many bytes for now.
    pub fn share(self: &Arc<Self>, bytes: usize) -> Share {
        let mut share = Share { budget: self.clone(), bytes: 0 };
        share.set(bytes);
        share
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    #[cfg(test)]
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}

impl Share {
    /// So much waits now.
    pub fn set(&mut self, bytes: usize) {
        let used = &self.budget.used;
        if bytes >= self.bytes {
            used.fetch_add(bytes - self.bytes, Ordering::Relaxed);
        } else {
            used.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
    }

    pub(crate) fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// Whether this is one of those who have to give way.
    pub(crate) fn is_too_much(&self) -> bool {
        let Budget { limit, even_share, used } = &*self.budget;
        self.bytes > *even_share && used.load(Ordering::Relaxed) > *limit
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}
