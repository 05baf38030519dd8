//! Which application state the callbacks need, checked when the endpoint is built.

use std::any::{Any, TypeId};

/// Collects the state that handlers ask for with `State<T>`, so that
/// [`Builder::build`](crate::server::Builder::build) can say what was forgotten.
#[derive(Debug, Default)]
pub struct Requirements {
    handler: &'static str,
    needed: Vec<Needed>,
}

#[derive(Debug)]
pub(crate) struct Needed {
    pub(crate) handler: &'static str,
    pub(crate) type_id: TypeId,
    pub(crate) type_name: &'static str,
}

impl Requirements {
    /// Names the handler whose needs follow, for the error message.
    pub fn handler(&mut self, name: &'static str) -> &mut Self {
        self.handler = name;
        self
    }

    /// The handler needs a state of type `T`.
    pub fn state<T: Any>(&mut self) {
        self.needed.push(Needed {
            handler: self.handler,
            type_id: TypeId::of::<T>(),
            type_name: std::any::type_name::<T>(),
        });
    }

    pub(crate) fn into_needed(self) -> Vec<Needed> {
        self.needed
    }
}
