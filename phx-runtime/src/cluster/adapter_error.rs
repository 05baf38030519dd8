//! Trouble with an engine.

use std::{error::Error, fmt};

/// An engine cannot be reached, refuses, or has gone.
#[derive(Debug)]
pub struct AdapterError(Box<dyn Error + Send + Sync>);

impl AdapterError {
    /// An error for this reason; a text is one too.
    pub fn new(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for AdapterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for AdapterError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
