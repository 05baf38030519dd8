//! The handlers of a socket without channels.

use std::pin::Pin;

use super::RawContext;
use crate::{
    message::{Info, Reason},
    transport::{Flow, Handled},
    wire::{Control, Frame},
};

/// What a socket does that handles its clients' messages itself, without channels; what `#[socket(..)]`
/// implements for marks such as `#[handle_in]`.
///
/// The methods are those of [`RawSocket`](crate::transport::RawSocket), which are called with the
/// connection alone; here the endpoint is at hand as well. Who writes a socket by hand writes a
/// `RawSocket`.
///
/// Phoenix counterpart: `Phoenix.Socket.Transport`.
pub trait RawHandlers: Sized + Send + 'static {
    /// See [`RawSocket::init`](crate::transport::RawSocket::init).
    fn init<'a>(&'a mut self, _cx: RawContext<'a>) -> Handled<'a> {
        Flow::Continue.into()
    }

    /// See [`RawSocket::handle_in`](crate::transport::RawSocket::handle_in).
    fn handle_in<'a>(&'a mut self, frame: Frame, cx: RawContext<'a>) -> Handled<'a> {
        cx.unhandled_frame(&frame)
    }

    /// See [`RawSocket::handle_control`](crate::transport::RawSocket::handle_control).
    fn handle_control<'a>(&'a mut self, _: Control, _cx: RawContext<'a>) -> Handled<'a> {
        Flow::Continue.into()
    }

    /// See [`RawSocket::handle_info`](crate::transport::RawSocket::handle_info).
    fn handle_info<'a>(&'a mut self, message: Info, cx: RawContext<'a>) -> Handled<'a> {
        cx.unhandled_info::<Self>(&message)
    }

    /// See [`RawSocket::terminate`](crate::transport::RawSocket::terminate).
    fn terminate<'a>(
        &'a mut self,
        _reason: Reason,
        _cx: RawContext<'a>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(std::future::ready(()))
    }
}
