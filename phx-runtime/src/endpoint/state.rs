//! Application state, as callbacks take it.

use std::ops::Deref;

/// Application state, registered with [`Builder::state`](crate::server::Builder::state) and found by
/// its type. It is cloned for each call, so put what is large or shared into an `Arc`.
///
/// ```
/// use phx_runtime::State;
///
/// fn greet(name: State<String>) -> String {
///     format!("hello {}", *name)
/// }
/// assert_eq!(greet(State("Ann".to_owned())), "hello Ann");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State<T>(pub T);

impl<T> Deref for State<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
