//! What the application sends to a channel or a socket of its own.

use std::{any::Any, fmt};

/// A message for `#[handle_info]`, told apart by its type.
pub struct Info(Box<dyn Message>);

/// Any value, which knows the name of its type for the log.
trait Message: Any + Send {
    fn type_name(&self) -> &'static str;
}

impl<T: Any + Send> Message for T {
    fn type_name(&self) -> &'static str {
        std::any::type_name::<T>()
    }
}

impl Info {
    pub(crate) fn new(message: impl Any + Send) -> Self {
        Self(Box::new(message))
    }

    /// The type of the message, with its path.
    pub(crate) fn type_name(&self) -> &'static str {
        // Not of the box, which is a message as well.
        (*self.0).type_name()
    }

    /// Takes the message out if it is a `T`.
    pub fn take<T: Any>(self) -> Result<T, Self> {
        if !(&*self.0 as &dyn Any).is::<T>() {
            return Err(self);
        }
        let message: Box<dyn Any> = self.0;
        // It is a `T`: the error stays for what cannot happen.
        message.downcast().map(|message| *message).map_err(|_| Self::new(()))
    }
}

impl fmt::Debug for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Info")
    }
}
