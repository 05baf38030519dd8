//! A shared value that the compiler looks no further into.
//!
//! That the future of an async handler may go to another thread is proven for each handler anew, down to
//! the last field of whatever the future holds: what the compiler has proven of a type, it does not keep
//! where a `'static` is found somewhere below, as there is in every trait object. From a handle of a
//! channel that would be the whole runtime, some 280 types for each handler of an application. Behind a
//! trait object the answer is there at once. It costs a call that is not inlined.

use std::{fmt, ops::Deref, sync::Arc};

/// An [`Arc`] whose trait object says that threads may share it.
pub(crate) struct Opaque<T>(Arc<dyn Held<T>>);

trait Held<T>: Send + Sync {
    fn held(&self) -> &T;
    fn shared(self: Arc<Self>) -> Arc<T>;
}

impl<T: Send + Sync> Held<T> for T {
    fn held(&self) -> &T {
        self
    }

    fn shared(self: Arc<Self>) -> Arc<T> {
        self
    }
}

impl<T: Send + Sync + 'static> From<Arc<T>> for Opaque<T> {
    fn from(shared: Arc<T>) -> Self {
        Self(shared)
    }
}

impl<T> Opaque<T> {
    /// The same value, for whoever knows its type.
    pub(crate) fn shared(&self) -> Arc<T> {
        self.0.clone().shared()
    }
}

impl<T> Clone for Opaque<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Deref for Opaque<T> {
    type Target = T;

    fn deref(&self) -> &T {
        (*self.0).held()
    }
}

impl<T: fmt::Debug> fmt::Debug for Opaque<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
