//! Sends back what it gets, unless it is told to end.

use phx_runtime::{
    ConnectError,
    socket::{ConnectRequest, RawConnect},
    transport::{CloseCode, Connection, Flow, Frame, Handled, RawSocket},
};

pub(crate) struct Echo;

impl RawConnect for Echo {
    async fn connect(_: ConnectRequest) -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

impl RawSocket for Echo {
    fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a> {
        let text = match &frame {
            Frame::Text(text) => text.as_str(),
            Frame::Binary(_) => "",
        };
        if let Some(code) = stop_code(text) {
            return Flow::Stop(code).into();
        }
        match text {
            "raise" => panic!("told to fail"),
            "reply_error" => connection.send(&Frame::text("err")),
            _ => connection.send(&frame),
        }
        Flow::Continue.into()
    }
}

/// The close code that the client asks for.
fn stop_code(text: &str) -> Option<CloseCode> {
    let why = text.strip_prefix("stop:")?;
    Some(match why {
        "normal" | "disconnected" => CloseCode::NORMAL,
        "restart" => CloseCode::RESTART,
        "shutdown" | "boom" => CloseCode::INTERNAL,
        _ => CloseCode::new(why.strip_prefix("code:")?.parse().ok()?)?,
    })
}
