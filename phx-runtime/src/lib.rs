//! Runtime.
#[expect(missing_docs)]
pub mod transport;
