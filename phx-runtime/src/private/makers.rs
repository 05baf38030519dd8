//! Calling what makes a state: `#[connect]` and `#[join]`.
//!
//! The traits box the future that holds the context; nothing is boxed here.

use std::future::ready;

use futures_util::{FutureExt, future::Either};

use super::counts::each_count;
use crate::message::{Failure, FromFailure};

/// What a plain function is called with: the context `Q`.
#[derive(Debug)]
pub struct MakeNow<Q>(Q);

/// What an async function is called with.
#[derive(Debug)]
pub struct MakeLater<Q>(Q);

/// Makes a state with a plain function.
pub fn make_now<Q: Copy>(cx: Q) -> MakeNow<Q> {
    MakeNow(cx)
}

/// Makes a state with an async function.
pub fn make_later<Q: Copy>(cx: Q) -> MakeLater<Q> {
    MakeLater(cx)
}

macro_rules! calls {
    ($($call:ident $receive:ident($($argument:ident: $ty:ident),*))*) => {
        #[allow(clippy::too_many_arguments, reason = "as many as the function has")]
        impl<Q: Copy> MakeNow<Q> {
            $(
                /// Finds the arguments, in their order, and calls the function.
                pub fn $call<$($ty,)* Returned, T, Error: FromFailure>(
                    self,
                    make: fn($($ty),*) -> Returned,
                    $($argument: fn(Q) -> Result<$ty, Failure>,)*
                    answer: fn(Returned) -> Result<T, Error>,
                ) -> Result<T, Error> {
                    let called = || Ok(make($($argument(self.0)?),*));
                    called().map_err(Error::from_failure).and_then(answer)
                }
            )*
        }

        #[allow(clippy::too_many_arguments, reason = "as many as the function has")]
        impl<Q: Copy> MakeLater<Q> {
            $(
                /// Finds the arguments, in their order, and calls the function.
                pub fn $call<$($ty,)* Called: Future, T, Error: FromFailure>(
                    self,
                    make: fn($($ty),*) -> Called,
                    $($argument: fn(Q) -> Result<$ty, Failure>,)*
                    answer: fn(Called::Output) -> Result<T, Error>,
                ) -> impl Future<Output = Result<T, Error>> {
                    let called = || Ok(make($($argument(self.0)?),*));
                    // Not awaited by an `async fn`, which would store the future twice.
                    match called() {
                        Ok(future) => Either::Left(future.map(answer)),
                        Err(failure) => Either::Right(ready(Err(Error::from_failure(failure)))),
                    }
                }
            )*
        }
    };
}

each_count!(calls);
