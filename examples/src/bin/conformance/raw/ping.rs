//! Hears and sends pings.

use phx_runtime::{
    ConnectError,
    socket::{ConnectRequest, RawConnect},
    transport::{Connection, Control, Flow, Frame, Handled, RawSocket},
};

pub(crate) struct Ping;

impl RawConnect for Ping {
    async fn connect(_: ConnectRequest) -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

impl RawSocket for Ping {
    fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a> {
        if let Frame::Text(text) = frame {
            match text.as_str().strip_prefix("ping:start") {
                Some("") => connection.ping(b""),
                Some(rest) => {
                    if let Some(payload) = rest.strip_prefix(':') {
                        connection.ping(payload.as_bytes());
                    }
                }
                None => {}
            }
        }
        Flow::Continue.into()
    }

    fn handle_control<'a>(
        &'a mut self,
        control: Control,
        connection: &'a Connection,
    ) -> Handled<'a> {
        let (name, payload) = match control {
            Control::Ping(payload) => ("ping", payload),
            Control::Pong(payload) => ("pong", payload),
            _ => return Flow::Continue.into(),
        };
        connection.send(&Frame::text(format!("{name}:{}", String::from_utf8_lossy(&payload))));
        Flow::Continue.into()
    }
}
