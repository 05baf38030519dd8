//! What a socket is made of: what a client connects to before it joins channels.
//!
//! [`macro@crate::socket`] implements [`SocketState`], and [`RawHandlers`] for a socket without channels; by hand such a
//! socket implements [`RawConnect`] and [`RawSocket`](crate::transport::RawSocket). The handle that
//! channels push and broadcast with is [`Socket`](crate::Socket).

pub use crate::{
    channel::{
        connected::{IntoConnected, IntoSocketId},
        context::{ConnectContext, FromConnect},
        socket_state::{IsSocket, SocketState},
    },
    connect::{
        ConnectErrorKind, IntoConnectError,
        params::{FromParams, QueryError},
    },
    endpoint::{handle::ConnectRequest, raw_connect::RawConnect},
    raw::{
        Answer, FrameKind, FromControl, FromFrame, FromRaw, IntoAnswer, IntoRawEnd, Raw,
        RawContext, RawHandlers, hints,
    },
};
