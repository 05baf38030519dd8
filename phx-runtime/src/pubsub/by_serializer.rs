//! Something for each serializer that is not built in: there are few, so they are in a list.

use std::sync::{Arc, OnceLock};

use crate::serializer::Plugged;

/// Values by serializer, each made once for all who ask for it. Costs a pointer while nobody does.
pub(super) struct BySerializer<T>(OnceLock<Box<Entry<T>>>);

struct Entry<T> {
    serializer: Arc<Plugged>,
    compressed: bool,
    value: OnceLock<T>,
    next: BySerializer<T>,
}

impl<T> BySerializer<T> {
    pub(super) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The place of a value, to be filled by who comes first.
    pub(super) fn place(&self, serializer: &Arc<Plugged>, compressed: bool) -> &OnceLock<T> {
        let mut list = self;
        loop {
            // Whoever is first appends its own, others look at what that was.
            let entry = list.0.get_or_init(|| {
                let (serializer, value, next) = (serializer.clone(), OnceLock::new(), Self::new());
                Box::new(Entry { serializer, compressed, value, next })
            });
            if entry.compressed == compressed && entry.serializer.is_same(serializer) {
                return &entry.value;
            }
            list = &entry.next;
        }
    }
}
