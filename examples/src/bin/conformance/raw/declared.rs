//! A socket without channels, declared as those with channels are.

use phx_runtime::{
    prelude::*,
    transport::{CloseCode, Control, Frame},
};

pub(crate) struct Declared;

#[socket(
    "/declared",
    websocket(check_origin = false),
    longpoll(check_origin = false, window = "200ms")
)]
impl Declared {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[handle_in]
    fn text(&self, text: String) -> Result<String, CloseCode> {
        if text == "bye" { Err(CloseCode::NORMAL) } else { Ok(text) }
    }

    #[handle_in]
    fn bytes(&self, bytes: Binary) -> Binary {
        bytes
    }

    #[handle_control]
    fn control(&self, control: Control) -> Option<Frame> {
        match control {
            Control::Ping(_) => Some(Frame::text("pinged")),
            _ => None,
        }
    }
}
