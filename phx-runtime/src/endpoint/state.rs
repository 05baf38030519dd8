//! Application state, as callbacks take it.

use std::{any::Any, ops::Deref};

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

/// What can be a state of the application: it is cloned for each call, on any thread.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a state of the application",
    label = "not `Clone + Send + Sync`",
    note = "derive `Clone` for it, or register an `Arc` of it; inside of it `Arc` stands for `Rc`, and `Mutex` for `Cell` \
            and `RefCell`"
)]
pub trait StateValue: Any + Clone + Send + Sync {}

#[diagnostic::do_not_recommend]
impl<T: Any + Clone + Send + Sync> StateValue for T {}
