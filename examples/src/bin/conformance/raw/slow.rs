//! Never gets anything done.

use phx_runtime::{
    ConnectError,
    socket::{ConnectRequest, RawConnect},
    transport::{Connection, Frame, Handled, RawSocket},
};

pub(crate) struct Slow;

impl RawConnect for Slow {
    async fn connect(_: ConnectRequest) -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

impl RawSocket for Slow {
    fn handle_in<'a>(&'a mut self, _: Frame, _: &'a Connection) -> Handled<'a> {
        Handled::later(std::future::pending())
    }
}
