//! Which messages a channel takes.

/// A channel with a `#[handle_info]` for messages of type `M`.
///
/// `#[channel]` implements it; a channel that is written by hand does so itself.
pub trait HandlesInfo<M> {}

/// A message that the channel `C` takes, so that [`Joined::then`](crate::Joined::then) cannot send one that
/// nobody does.
#[diagnostic::on_unimplemented(
    message = "`{C}` has no `#[handle_info]` that takes `{Self}`",
    label = "nobody takes this message",
    note = "write `#[handle_info] fn name(&mut self, message: {Self})`; messages go by their type, which has to be the same"
)]
pub trait MessageOf<C> {}

#[diagnostic::do_not_recommend]
impl<C: HandlesInfo<M>, M> MessageOf<C> for M {}
