//! What a socket is made of: what a client connects to before it joins channels.
//!
//! [`macro@crate::socket`] implements [`SocketState`]; a socket without channels, for a protocol of
//! its own, implements [`RawConnect`] and [`RawSocket`](crate::transport::RawSocket). The handle that
//! channels push and broadcast with is [`Socket`](crate::Socket).

pub use crate::{
    channel::{
        connected::{IntoConnected, IntoSocketId},
        context::{ConnectContext, FromConnect},
        socket_state::SocketState,
    },
    connect::{
        ConnectErrorKind, IntoConnectError,
        params::{FromParams, QueryError},
    },
    endpoint::{handle::ConnectRequest, raw_connect::RawConnect},
};
