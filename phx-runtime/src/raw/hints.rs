//! Why a type is no argument of a handler of a socket without channels, as
//! `channel::hints` says it of channels.

use super::{FromRaw, RawContext};
use crate::{endpoint::Requirements, message::Fault};

/// Traits that everything has that has [`FromRaw`].
macro_rules! of_raw {
    ($($name:ident: $message:tt, $label:tt, $note:tt;)*) => { $(
        #[doc = $label]
        #[diagnostic::on_unimplemented(message = $message, label = $label, note = $note)]
        pub trait $name<'a>: Sized {
            /// As of the trait below.
            fn from_raw(cx: RawContext<'a>) -> Result<Self, Fault>;
            /// As of the trait below.
            fn requires(requirements: &mut Requirements);
        }

        #[diagnostic::do_not_recommend]
        impl<'a, T: FromRaw<'a>> $name<'a> for T {
            fn from_raw(cx: RawContext<'a>) -> Result<Self, Fault> {
                <T as FromRaw<'a>>::from_raw(cx)
            }

            fn requires(requirements: &mut Requirements) {
                <T as FromRaw<'a>>::requires(requirements);
            }
        }
    )* };
}

of_raw! {
    SocketOfRaw:
        "`{Self}` belongs to a channel, and this socket has none", "write `&Connection`",
        "`phx_runtime::transport::Connection` sends to the client, notifies the socket and closes the connection";
    ConnectionOfRaw:
        "a handler borrows the connection", "write `&Connection`", "clone it to keep it, which is cheap";
    EndpointOfRaw:
        "a handler borrows the endpoint", "write `&Endpoint`", "clone it to keep it, which is cheap";
    StateOfRaw:
        "`{Self}` cannot be taken by a handler", "a state is taken as `State<T>`, where `T` is `Clone + Send + Sync`",
        "derive `Clone` for it, or register and take it in an `Arc`: `State<Arc<..>>`";
    PresenceOfRaw:
        "presence is a state of the endpoint", "write `State<Presence>`",
        "`Endpoint::builder().state(Presence::new())` registers it";
    InfoOfRaw:
        "what a client connected with is known while it connects", "not there in a handler",
        "keep what you need of it in the socket's type in `#[connect]`";
}
