//! Sockets without channels, as `#[socket]` declares them: what their handlers take and return, and the
//! [`RawSocket`](crate::transport::RawSocket) that calls them.

mod answer;
mod arriving;
mod context;
mod declared;
mod handlers;
pub mod hints;

pub(crate) use self::declared::Owned;
pub use self::{
    answer::{Answer, IntoAnswer, IntoRawEnd},
    arriving::{FrameKind, FromControl, FromFrame},
    context::{FromRaw, RawContext},
    declared::Raw,
    handlers::RawHandlers,
};
