//! Events whose name is written once, with the type of their payload.

use super::to_payload::ToPayload;

/// An event that the server sends: a payload together with its event's name, which
/// [`#[event("new_msg")]`](macro@crate::event) declares.
///
/// It is sent by value, with [`Socket::push_event`](crate::Socket::push_event) and its like, so that neither
/// the name nor the payload can be mistaken. Tests take it apart as what it is, with
/// [`assert_push!`](crate::assert_push).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no typed event",
    label = "its name is not declared",
    note = "declare it on the type, `#[event(\"name\")]`, or send it under a name, `push(\"name\", payload)`"
)]
pub trait TypedEvent: ToPayload {
    /// The event's name, as clients listen to it.
    const NAME: &'static str;
}

/// An event that a channel lists; apart from [`TypedEvent`], so that what is none is told of once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no typed event",
    label = "its name is not declared",
    note = "declare it on the type: `#[event(\"name\")] #[derive(Serialize)] struct {Self} {{ .. }}`"
)]
pub trait ListedEvent {
    /// As of [`TypedEvent`].
    const NAME: &'static str;
}

#[diagnostic::do_not_recommend]
impl<E: TypedEvent> ListedEvent for E {
    const NAME: &'static str = E::NAME;
}

#[diagnostic::do_not_recommend]
impl<E: TypedEvent> TypedEvent for &E
where
    for<'a> &'a E: ToPayload,
{
    const NAME: &'static str = E::NAME;
}
