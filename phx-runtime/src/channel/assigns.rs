//! The state under another name for its type.

/// The state `C` itself, by the name that a module gives it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not this module's state",
    label = "expected `{C}`",
    note = "callbacks in a module take a reference to the `#[assigns]` type first"
)]
pub trait StateOf<C>: Sized {
    /// The state to read.
    fn shared(state: &C) -> &Self;
    /// The state to change.
    fn exclusive(state: &mut C) -> &mut Self;
}

#[diagnostic::do_not_recommend]
impl<C> StateOf<C> for C {
    fn shared(state: &C) -> &Self {
        state
    }

    fn exclusive(state: &mut C) -> &mut Self {
        state
    }
}
