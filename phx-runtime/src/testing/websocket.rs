//! A client over WebSocket: the real handshake, and the real frames through a pipe.

use std::{future::poll_fn, io, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use bytes::{Bytes, BytesMut};
use http::{
    HeaderName, HeaderValue, Method,
    header::{
        CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    task::JoinHandle,
    time::{Instant, Interval, interval_at},
};

use super::{
    inbox::Inbox,
    line::Link,
    message::Received,
    over::{Asking, refusal},
    uplink::{FromClient, Step, Trouble, uplink},
};
use crate::{
    connect::ConnectError,
    log,
    message::Reason,
    wire::{CloseCode, Frame, OpCode, Text, frame_header, server_frame_len, server_frames},
};

/// Bytes that may wait in the pipe. They do not wait: the client always reads.
const PIPE: usize = 1 << 24;

/// How often the stock client sends a heartbeat.
const HEARTBEAT: Duration = Duration::from_secs(30);

const BEAT: &str = r#"[null,"heartbeat","phoenix","heartbeat",{}]"#;

/// Connects.
pub(super) async fn connect(asking: Asking) -> Result<Link, ConnectError> {
    let request = asking.request(Method::GET, handshake(&asking), Bytes::new());
    let (request, _) = request.into_parts();
    let accepted = asking.endpoint.accept_websocket(&request, asking.peer()).await;
    let (_, client) = accepted.map_err(|answer| refusal(answer.status(), answer.body()))?;
    let id = client.id().map(str::to_owned);
    let (pipe, servers_end) = tokio::io::duplex(PIPE);
    let serving = tokio::spawn(client.serve(servers_end));
    let (inbox, (server, sent)) = (Arc::new(Inbox::default()), uplink());
    let end = ClientsEnd { pipe, sent, inbox: inbox.clone(), read: BytesMut::new(), code: None };
    tokio::spawn(end.live(serving));
    Ok(Link { inbox, server: Some(server), id })
}

fn handshake(asking: &Asking) -> Vec<(HeaderName, HeaderValue)> {
    let fixed = HeaderValue::from_static;
    let mut headers = vec![
        (CONNECTION, fixed("Upgrade")),
        (UPGRADE, fixed("websocket")),
        (SEC_WEBSOCKET_VERSION, fixed("13")),
        (SEC_WEBSOCKET_KEY, fixed("dGhlIHNhbXBsZSBub25jZQ==")),
    ];
    if let Some(token) = asking.auth_token() {
        let offered = format!("phoenix, base64url.bearer.phx.{}", STANDARD_NO_PAD.encode(token));
        headers.extend(HeaderValue::try_from(offered).map(|it| (SEC_WEBSOCKET_PROTOCOL, it)));
    }
    headers
}

/// The client's end of the pipe.
struct ClientsEnd {
    pipe: DuplexStream,
    sent: FromClient,
    inbox: Arc<Inbox>,
    /// What was read and is no whole frame.
    read: BytesMut,
    /// The code that the server closed with.
    code: Option<CloseCode>,
}

impl ClientsEnd {
    /// Carries messages until the connection ends and the server has cleaned up.
    async fn live(mut self, serving: JoinHandle<Reason>) {
        let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        let is_silent =
            self.carry(&mut heartbeat).await.is_ok_and(|end| matches!(end, End::Silent));
        let Self { pipe, inbox, code, .. } = self;
        // A silent client's end is there until the server has given up.
        let kept = is_silent.then_some(pipe);
        let _ = serving.await;
        drop(kept);
        inbox.close(code);
    }

    async fn carry(&mut self, heartbeat: &mut Interval) -> io::Result<End> {
        let mut is_closing = false;
        loop {
            if let Some(code) = self.next_frame().await? {
                if !is_closing {
                    self.code = code;
                }
                self.write(OpCode::Close, &[]).await?;
                return Ok(End::Over);
            }
            tokio::select! {
                biased;
                step = poll_fn(|task| self.sent.poll(task)), if !is_closing => match step {
                    Step::Message { frame, taken } => {
                        match frame {
                            Frame::Text(text) => self.write(OpCode::Text, text.as_bytes()).await?,
                            Frame::Binary(bytes) => self.write(OpCode::Binary, &bytes).await?,
                        }
                        // The test may have stopped to wait.
                        let _ = taken.send(());
                    }
                    Step::Close => {
                        is_closing = true;
                        let code = u16::from(CloseCode::NORMAL).to_be_bytes();
                        self.write(OpCode::Close, &code).await?;
                    }
                    Step::Trouble(Trouble::Broken) => return Ok(End::Over),
                    Step::Trouble(Trouble::Silent) => return Ok(End::Silent),
                },
                read = self.pipe.read_buf(&mut self.read) => if read? == 0 {
                    return Ok(End::Over);
                },
                _ = heartbeat.tick() => self.write(OpCode::Text, BEAT.as_bytes()).await?,
            }
        }
    }

    /// Takes the frames that are there; the code of one that closes, if it has any.
    async fn next_frame(&mut self) -> io::Result<Option<Option<CloseCode>>> {
        while let Some(frame) = server_frame_len(&self.read)
            && frame.total_len <= self.read.len()
        {
            let bytes = self.read.split_to(frame.total_len).freeze();
            for frame in server_frames(bytes) {
                match frame.opcode {
                    OpCode::Ping => self.write(OpCode::Pong, &frame.payload).await?,
                    OpCode::Close => {
                        let code = frame.payload.first_chunk().copied().map(u16::from_be_bytes);
                        return Ok(Some(code.and_then(CloseCode::new)));
                    }
                    OpCode::Binary => self.put(Frame::Binary(frame.payload)),
                    OpCode::Text => match Text::try_from(frame.payload) {
                        Ok(text) => self.put(Frame::Text(text)),
                        Err(_) => return Err(io::ErrorKind::InvalidData.into()),
                    },
                    OpCode::Pong | OpCode::Continuation => {}
                }
            }
        }
        Ok(None)
    }

    fn put(&self, frame: Frame) {
        match Received::read(&frame) {
            // The answers to heartbeats.
            Some(message) if message.topic == "phoenix" => {}
            Some(message) => self.inbox.put(message),
            None => log::unreadable_frame(frame.len()),
        }
    }

    /// Writes a frame, masked with a key that changes nothing: there is no proxy to protect.
    async fn write(&mut self, opcode: OpCode, payload: &[u8]) -> io::Result<()> {
        let mut frame = frame_header(opcode, payload.len()).to_vec();
        frame[1] |= 0x80;
        frame.extend([0; 4]);
        frame.extend_from_slice(payload);
        self.pipe.write_all(&frame).await
    }
}

/// How it ended.
enum End {
    Over,
    /// Nothing passes any more, and the server does not know.
    Silent,
}
