//! What a test waits for.

use std::pin::Pin;

/// Something that a test waits for, with `.await`.
///
/// It asks nothing of the types of what it was made with, so that a wrong one is told of once, where it is
/// written, and not again at the `.await`.
pub type Waiting<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
