//! Shows its connection parameters.

use phx_runtime::{
    ConnectError, Params,
    channel::Info,
    socket::{ConnectRequest, RawConnect},
    transport::{CloseCode, Connection, Flow, Frame, Handled, RawSocket},
};

use crate::connect_info::params_json;

pub(crate) struct ShowParams {
    params: Params,
}

/// Sent by the socket to itself.
struct Pong;

impl RawConnect for ShowParams {
    async fn connect(request: ConnectRequest) -> Result<Self, ConnectError> {
        Ok(Self { params: request.info().params().clone() })
    }
}

impl RawSocket for ShowParams {
    fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a> {
        let Frame::Text(text) = frame else { return Flow::Stop(CloseCode::INTERNAL).into() };
        match text.as_str() {
            "params" => connection.send(&Frame::text(params_json(&self.params).to_string())),
            "ping" => connection.notify(Pong),
            _ => return Flow::Stop(CloseCode::INTERNAL).into(),
        }
        Flow::Continue.into()
    }

    fn handle_info<'a>(&'a mut self, message: Info, connection: &'a Connection) -> Handled<'a> {
        if message.take::<Pong>().is_ok() {
            connection.send(&Frame::text("pong"));
        }
        Flow::Continue.into()
    }
}
