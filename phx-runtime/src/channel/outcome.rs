//! What a callback returns, by what it may answer.

use super::reply::{IntoNext, IntoReply, Next, Reply};
use crate::message::Failure;

/// What callbacks return whose [`Handling`](super::Handling) is of this type.
///
/// Of a [`Reply`] that is all that a `#[handle_in]` handler can return ([`IntoReply`]), of [`Next`] all
/// that `#[handle_info]` and `#[handle_out]` can ([`IntoNext`]); at a channel's end it is nothing. It is
/// implemented for these three alone.
pub trait Outcome<R>: sealed::Sealed {
    #[doc(hidden)]
    fn of(returned: R) -> Result<Reply, Failure>;
}

impl<R: IntoReply> Outcome<R> for Reply {
    fn of(returned: R) -> Result<Reply, Failure> {
        Ok(returned.into_reply())
    }
}

impl<R: IntoNext> Outcome<R> for Next {
    fn of(returned: R) -> Result<Reply, Failure> {
        Ok(Reply::from_next(returned.into_next()?))
    }
}

impl Outcome<()> for () {
    fn of((): ()) -> Result<Reply, Failure> {
        Ok(Reply::none())
    }
}

mod sealed {
    use super::{Next, Reply};

    /// Keeps others from adding to what a session understands.
    pub trait Sealed {}

    impl Sealed for Reply {}
    impl Sealed for Next {}
    impl Sealed for () {}
}
