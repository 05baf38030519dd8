//! The session that an HTTP application keeps in a signed cookie, and that `#[connect]` can read.
//!
//! What the cookie is called and how long it holds are
//! [`SessionOptions`](crate::options::SessionOptions).

pub use crate::connect::{Session, SessionError};
