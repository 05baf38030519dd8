//! Who is connected.

use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

use crate::rooms::microseconds;

/// Ids begin with the time of the start: tabs that outlive the server remember theirs, and nobody
/// else, on whichever node, may get one of them.
static NEXT_ID: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(microseconds()));

/// One browser tab.
pub struct UserSocket {
    pub id: u64,
}

impl UserSocket {
    pub fn new() -> Self {
        Self { id: NEXT_ID.fetch_add(1, Ordering::Relaxed) }
    }
}
