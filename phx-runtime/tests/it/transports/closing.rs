//! What a socket can say over WebSocket beside messages.

use phx_runtime::{
    ConnectError, Endpoint, Reason,
    options::{CheckOrigin, Mount, WebSocketOptions},
    socket::{ConnectRequest, RawConnect},
    transport::{CloseCode, Connection, Flow, Frame, Handled, RawSocket},
};

use crate::support::{
    raw_client::{CLOSE, PONG, RawClient},
    server::serve,
};

struct Closing;

impl RawConnect for Closing {
    async fn connect(_: ConnectRequest) -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

impl RawSocket for Closing {
    fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a> {
        match &**frame.as_bytes() {
            b"words" => {
                connection.close_saying(CloseCode::new(4001), "see you", Reason::Normal);
            }
            b"bare" => connection.close_saying(None, "unheard", Reason::Normal),
            _ => connection.pong(b"still here"),
        }
        Flow::Continue.into()
    }
}

#[tokio::test]
async fn a_socket_may_close_with_words_or_without_a_code_and_send_pongs() {
    let options = WebSocketOptions::new().check_origin(CheckOrigin::ANY);
    let mount = Mount::new("/closing").websocket(options);
    let endpoint = Endpoint::builder().raw_socket::<Closing>(mount).build().unwrap();
    let at = serve(&endpoint).await;
    for (said, payload) in [("words", &b"\x0f\xa1see you"[..]), ("bare", b"")] {
        let mut client = RawClient::connect(at, "/closing/websocket", "").await;
        client.send_text("pong").await;
        let pong = client.frame().await.unwrap();
        assert_eq!((pong.first, &*pong.payload), (PONG, &b"still here"[..]));
        client.send_text(said).await;
        let close = client.frame().await.unwrap();
        assert_eq!((close.first, &*close.payload), (CLOSE, payload), "{said}");
    }
}
