//! What the log calls a socket or a channel.

/// The type's name without its path: `RoomChannel`.
pub(crate) fn short_name<C: ?Sized>() -> &'static str {
    let name = std::any::type_name::<C>();
    let end = name.find('<').unwrap_or(name.len());
    name[..end].rsplit("::").next().unwrap_or(name)
}
