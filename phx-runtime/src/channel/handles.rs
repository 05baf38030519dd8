//! Which messages a channel takes.

/// A channel with a `#[handle_info]` for messages of type `M`, so that
/// [`Joined::then`](crate::Joined::then) cannot send one that nobody takes.
///
/// `#[channel]` implements it; a channel that is written by hand does so itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `#[handle_info]` that takes `{M}`",
    label = "nobody takes this message",
    note = "write `#[handle_info] fn name(&mut self, message: {M})`; messages go by their type, which has to be the same"
)]
pub trait HandlesInfo<M> {}
